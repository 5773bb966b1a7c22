import { constants, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { type LibsqlServer, startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { startWrangler } from '../../src/dev/servers/wrangler.ts';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import type { Files } from './database.ts';
import type { Target } from './http.ts';

/** A libSQL server with a copy of these jobs, below `folder`. The original must not be written during the copy. */
export async function libsqlServerWith({ db }: Files, folder: string): Promise<LibsqlServer> {
  await mkdir(join(folder, 'dbs/default'), { recursive: true });
  await copyFile(db, join(folder, 'dbs/default/data'), constants.COPYFILE_FICLONE);
  const server = await startLibsqlServer({ folder });
  await migrateRemote(server); // a file that was kept may lack the newest tables
  return server;
}

export interface WorkerServer extends Target {
  /** Time from its start to its first response. */
  readyMs: number;
  stop(): Promise<void>;
}

/** The Worker under wrangler dev. */
export async function startWorker({ url }: LibsqlServer, settings: Record<string, string>): Promise<WorkerServer> {
  const keys = await makeKeys();
  const token = await makeToken(keys.privateKey, { user: 'bench', roles: ['admin', 'api'] });
  const startedAt = performance.now();
  const bindings = { DB_URL: url, JWT_PUBLIC_KEY: keys.publicKey, LOG_LEVEL: 'error', ...settings };
  const wrangler = await startWrangler({ port: 0, bindings });
  const readyMs = performance.now() - startedAt;
  return { port: Number(new URL(wrangler.url).port), token, readyMs, stop: () => wrangler.stop() };
}
