/**
 * A server with its database connection in its own process, for comparison with the connection processes. With
 * BENCH_CACHE_MB the connection has a cache of this size and no heap limits, like a service without precautions.
 */
import { resolve } from 'node:path';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { readClusters } from '../../src/archive/version-and-clusters.ts';
import { readAssets } from '../../src/nodejs/asset-files.ts';
import { settingsOnNode } from '../../src/settings-by-deployment.ts';
import { openInProcess } from '../../test/support/in-process.ts';
import { openUnbounded } from './unbounded.ts';

const { BENCH_CACHE_MB: cacheMb } = process.env;
const { values: settings, sources, notApplied } = settingsOnNode({ env: process.env });
const path = resolve(settings.DB_URL.slice('file:'.length));
const app = createApp({
  settings,
  db: cacheMb === undefined ? await openInProcess(path) : await openUnbounded(path, Number(cacheMb)),
  archive: undefined,
  clusters: await readClusters(resolve(settings.ARCHIVE_PATH)),
  clock: () => Date.now() / 1000,
  compresses: true,
  hasSharedLimits: true,
  assets: readAssets(),
  sessionKey: undefined,
  log: pino({ level: settings.LOG_LEVEL, base: null }),
  system: () => ({ sources, notApplied }),
  clientAddress: (c) => getConnInfo(c).remote.address ?? '',
});
serve({ fetch: app.fetch, hostname: settings.HOST, port: settings.PORT });
process.on('SIGTERM', () => process.kill(process.pid, 'SIGKILL'));
