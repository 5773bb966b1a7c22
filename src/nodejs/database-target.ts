import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { connectionSettings } from '../connection-settings.ts';
import { isInMemory, openLocalDatabase, type PoolOptions } from '../connections/local-database.ts';
import { openReplicaDatabase } from '../connections/replica-database.ts';
import type { Database } from '../db/port.ts';
import { checkRemote } from '../db/remote/migrate-remote.ts';
import { openRemote } from '../db/remote/open-remote.ts';
import type { RemoteServer } from '../db/remote/server.ts';
import { buildIndexes } from '../db/schema/bulk-load.ts';
import type { Log } from '../log.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { FixedSettings } from '../restart-only-settings.ts';
import { databaseFile } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { Sizing } from '../system-state-types.ts';
import { indexed, type OpenDatabase } from './start-column-index.ts';

export interface DatabaseOptions {
  sizing: Sizing;
  replacementPermit: ReplacementPermit;
  log: Log;
}

/** A database that has not been opened yet. The settings have been checked without touching it. */
export interface DatabaseTarget {
  /** Its name for people. */
  shown: string;
  open(options: DatabaseOptions): Promise<OpenDatabase>;
}

/** The database of the settings. Throws StartupError for an invalid directory or address. */
export async function databaseTarget(settings: FixedSettings): Promise<DatabaseTarget> {
  const path = databaseFile(settings);
  if (path === undefined) return serverOf(settings);
  const { DB_SYNC_URL: syncUrl } = settings;
  return syncUrl === undefined
    ? await fileAt(resolve(path), settings)
    : await replicaAt(resolve(path), syncUrl, settings);
}

function serverOf(settings: FixedSettings): DatabaseTarget {
  const { DB_URL: url, DB_AUTH_TOKEN: authToken, DB_QUEUE_LIMIT: mostAtOnce, DB_CALLER_LIMIT: callerLimit } = settings;
  const server = { url, authToken };
  return {
    shown: new URL(url).host,
    async open({ log }) {
      const pragmas = await checkServer(server, log);
      return { db: openRemote({ ...server, mostAtOnce, callerLimit, heartbeat: true, pragmas, log }) };
    },
  };
}

/** The server's limits are command-line flags. Without them one query may take all its memory. Throws StartupError. */
async function checkServer(server: RemoteServer, log: Log): Promise<Record<string, number>> {
  const pragmas = await checkRemote(server);
  if (pragmas['hard_heap_limit'] === 0) {
    log.warn({ pragmas }, "the libSQL server has no heap limit: 'cc-jobs sizing' prints the flags for one");
  }
  return pragmas;
}

async function fileAt(path: string, settings: FixedSettings): Promise<DatabaseTarget> {
  const tempDir = await tempDirOf(path, settings);
  return {
    shown: path,
    async open(options) {
      const { log } = options;
      const db = await openLocalDatabase(poolOptions(path, tempDir, settings, options));
      if (isInMemory(tempDir)) {
        log.warn({ tempDir }, 'DB_TEMP_DIR is a memory file system: sorts there use memory outside of the limits');
      }
      await warnOfReaders(path, log);
      finishIndexes(db, log);
      return indexed(db, { ...options, settings, path, tempDir });
    },
  };
}

const OTHERS_READ = 0o004;

/** Files that cc-jobs creates are private (src/cli.ts). A file of cc-backend or of an earlier version often is not. */
async function warnOfReaders(path: string, log: Log): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & OTHERS_READ) === 0) return;
  log.warn(
    { path },
    'every account of this machine can read the database and its password hashes: run chmod o= on the file',
  );
}

async function replicaAt(path: string, syncUrl: string, settings: FixedSettings): Promise<DatabaseTarget> {
  const tempDir = await tempDirOf(path, settings);
  const { DB_AUTH_TOKEN: authToken, DB_QUEUE_LIMIT: mostAtOnce, DB_SYNC_MS: intervalMs } = settings;
  const server = { url: syncUrl, authToken };
  return {
    shown: `${path}, a replica of ${new URL(syncUrl).host}`,
    async open(options) {
      const pragmas = await checkServer(server, options.log);
      await mkdir(dirname(path), { recursive: true });
      const db = await openReplicaDatabase({
        ...poolOptions(path, tempDir, settings, options),
        syncUrl,
        authToken,
        intervalMs,
        server: openRemote({
          ...server,
          mostAtOnce,
          callerLimit: settings.DB_CALLER_LIMIT,
          heartbeat: true,
          pragmas,
          log: options.log,
        }),
      });
      return { db };
    },
  };
}

function poolOptions(
  path: string,
  tempDir: string,
  settings: FixedSettings,
  { sizing: { connection }, replacementPermit, log }: DatabaseOptions,
): PoolOptions {
  return {
    path,
    tempDir,
    maxReaders: settings.DB_MAX_CONNECTIONS,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    settings: connectionSettings(settings, connection),
    growthMb: connection.growthMb,
    replacementPermit,
    log,
  };
}

async function tempDirOf(path: string, { DB_TEMP_DIR }: FixedSettings): Promise<string> {
  if (DB_TEMP_DIR === undefined) return dirname(path);
  await checkTempDir(resolve(DB_TEMP_DIR));
  return resolve(DB_TEMP_DIR);
}

/** SQLite writes sorts there. If the directory is missing, it silently uses another one. Throws StartupError. */
async function checkTempDir(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() !== true)
    throw new StartupError(`DB_TEMP_DIR ${folder} is not a directory: create it, or correct the setting`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new StartupError(`DB_TEMP_DIR ${folder} is not writable: correct its permissions`, { cause });
  });
}

/** Builds the indexes that an aborted import left out, while the service runs. */
function finishIndexes(db: Database, log: Log): void {
  buildIndexes(db, (name) => log.warn({ name }, 'building an index of an unfinished import')).catch((error: unknown) =>
    log.error({ err: error }, 'an index of an unfinished import could not be built'),
  );
}
