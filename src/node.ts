/** Entry: the service on Node. Environment -> settings -> database -> app -> listen. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { getConnInfo } from '@hono/node-server/conninfo';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { openArchive as checkArchive, readClusterFiles } from './archive/open.ts';
import { Fault } from './faults.ts';
import { bareResponse } from './http/client-error.ts';
import type { Log } from './http/env.ts';
import { cutConnection, whenSent } from './http/node-server.ts';
import { readAssets } from './node/assets.ts';
import { openBodies } from './node/bodies.ts';
import { type ClusterFiles, clustersOf } from './node/clusters.ts';
import { Connections } from './node/connections.ts';
import { type Place, placeOf } from './node/database.ts';
import { LoopLagMeter } from './node/loop-lag.ts';
import { MemoryHistory } from './node/memory-history.ts';
import { mostConnections, openFilesLimit } from './node/open-files.ts';
import { passwordThread } from './node/password-thread.ts';
import { closeServer, listen, urlOf } from './node/server.ts';
import { waitAtMost } from './node/wait-at-most.ts';
import { openArchive } from './pool/archive.ts';
import { ownRssMb } from './pool/rss.ts';
import { type Sizing, sizeFor, thisMachine } from './pool/sizing.ts';
import { SpareSlot } from './pool/spare-slot.ts';
import {
  databaseKind,
  notApplied,
  type SettingName,
  type SettingSource,
  type Settings,
  settingSources,
} from './settings.ts';
import { stderrLines } from './stderr-lines.ts';
import { followArchive } from './timed/archive-follower.ts';
import { startFileCheck } from './timed/file-check.ts';
import { startTimer } from './timed/timer.ts';

/** A request that comes before the service is ready waits so long: the first copy of a replica may take minutes. */
const START_WAIT_MS = 2_000;
const STARTING = new Fault('queue_full', 'the service is starting');
/** From the end of the last request to the end of the processes. */
const CLOSE_GRACE_MS = 1_000;
/** Of a key that lasts as long as the service. */
const SESSION_KEY_BYTES = 32;
/** Of the archive, the column index and a replica, next to those of the pool. */
const OTHER_PROCESSES = 6;

export interface RunningService {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  url: string;
  /** Stops accepting, lets what runs end within its deadline, then ends every process. */
  stop(): Promise<void>;
}

/**
 * Starts the service. `given` are the variables the settings were read from, `fromFile` the names of those that stood in `.env`: those that cannot act are told. Throws BadStart when it
 * cannot be, with everything that is wrong.
 */
export async function startService(
  settings: Settings,
  given: Readonly<Record<string, string | undefined>>,
  fromFile: ReadonlySet<string> = new Set(),
): Promise<RunningService> {
  const log = pino({ level: settings.LOG_LEVEL, base: null }, stderrLines());
  const sizing = sizeFor(settings, thisMachine());
  const idle = notApplied(given, databaseKind(settings));
  const place = await placeOf(settings);
  const root = resolve(settings.ARCHIVE_PATH);
  await checkArchive(root, { mark: false }); // a start that is refused writes nothing
  const clusterFiles = await readClusterFiles(root);
  const app = Promise.withResolvers<ReturnType<typeof createApp>>();
  let running: ReturnType<typeof createApp> | undefined;
  app.promise.catch(() => {}); // whoever asked for something meanwhile is told
  // Before the database: a service that cannot have its address has touched nothing.
  const server = await listen(async (...request) => {
    const ready = running ?? (await waitAtMost(START_WAIT_MS, app.promise));
    return ready === undefined ? bareResponse(STARTING) : await ready.fetch(...request);
  }, settings);
  const most = mostConnections(openFilesLimit(), {
    processes: sizing.processes + OTHER_PROCESSES,
    requests: databaseKind(settings) === 'file' ? 0 : settings.DB_QUEUE_LIMIT,
  });
  const connections = new Connections(server, most, (fields, message) => log.warn(fields, message));
  try {
    const parts = await startParts({
      connections,
      settings,
      idle,
      sources: settingSources(given, { fromFile }),
      sizing,
      place,
      root,
      clusterFiles,
      log,
    });
    running = parts.app;
    app.resolve(running);
    const url = urlOf(settings, server);
    for (const note of sizing.notes) log.warn({}, note);
    if (idle.length > 0) log.warn({ settings: idle }, 'settings ignored by this deployment: see docs/settings.md');
    log.info({ url, database: place.shown, limitMb: sizing.limitMb }, 'listening');
    return {
      url,
      async stop() {
        await closeServer(server, settings.REQUEST_TIMEOUT_MS);
        await parts.close();
        log.info({}, 'stopped');
      },
    };
  } catch (error) {
    app.reject(error);
    await closeServer(server, 0);
    throw error;
  }
}

interface PartsOptions {
  connections: Connections;
  settings: Settings;
  /** Settings that were given and cannot act. */
  idle: readonly SettingName[];
  sources: Readonly<Record<SettingName, SettingSource>>;
  sizing: Sizing;
  place: Place;
  root: string;
  clusterFiles: ClusterFiles;
  log: Log;
}

/** Everything behind the server: database, archive, the app on them, and the work that no request asks for. */
async function startParts({
  connections,
  settings,
  idle,
  sources,
  sizing,
  place,
  root,
  clusterFiles,
  log,
}: PartsOptions) {
  const spareSlot = new SpareSlot();
  const db = await place.open({ settings, sizing, spareSlot, log });
  const clusters = await clustersOf(clusterFiles, db, log).catch(async (error: unknown) => {
    await db.close(0);
    throw error;
  });
  const archive = openArchive({
    root,
    memoryMb: sizing.archiveMb,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    spareSlot,
    log,
  });
  const bodies = openBodies({ memoryMb: sizing.bodiesMb, queueLimit: settings.DB_QUEUE_LIMIT, spareSlot, log });
  const clock = () => Date.now() / 1000;
  const follower = followArchive({ db, archive, log });
  const timer = startTimer({ db, settings, clock, log });
  const fileCheck = startFileCheck({ db, settings, clock, log });
  const passwords = passwordThread();
  const loop = new LoopLagMeter();
  const memory = new MemoryHistory(() => [
    parentStatus(),
    ...bodies.status().processes,
    ...db.status().processes,
    ...archive.status().processes,
  ]);
  const close = async () => {
    memory.stop();
    loop.stop();
    // What they have begun may take its time; it ends with its process, and comes again with the next start.
    const own = Promise.all([follower.stop(), timer.stop(), fileCheck.stop()]);
    await waitAtMost(CLOSE_GRACE_MS, own);
    await Promise.all([
      db.close(CLOSE_GRACE_MS),
      archive.close(CLOSE_GRACE_MS),
      bodies.close(CLOSE_GRACE_MS),
      passwords.close(),
    ]);
  };
  const app = createApp({
    settings,
    db,
    archive,
    clusters,
    clock,
    log,
    assets: readAssets(),
    sessionKey: settings.SESSION_KEY ?? randomBytes(SESSION_KEY_BYTES).toString('base64'),
    comparePassword: passwords.compare,
    compresses: true,
    sharesLimits: true,
    takeApart: bodies.takeApart,
    system: () => ({
      notApplied: idle,
      sources,
      sizing,
      archive: archive.status(),
      bodies: bodies.status(),
      parent: { ...parentStatus(), eventLoopLagMs: loop.worstMs, connections: connections.status() },
      timedWork: timer.status(),
    }),
    degraded: fileCheck.degraded,
    memoryHistory: () => memory.samples,
    archiveChanged: () => follower.wake(),
    cutConnection,
    whenSent,
    clientAddress: (c) => getConnInfo(c).remote.address ?? '',
  });
  try {
    await checkArchive(root);
  } catch (error) {
    await close();
    throw error;
  }
  follower.wake(); // what an earlier service left behind
  return { app, close };
}

function parentStatus() {
  return {
    pid: process.pid,
    rssMb: Math.round(ownRssMb()),
    ageSec: Math.round(process.uptime()),
  };
}
