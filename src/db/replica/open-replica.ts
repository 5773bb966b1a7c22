import { existsSync } from 'node:fs';
import Sqlite from 'libsql';
import PromiseSqlite from 'libsql/promise';
import type { ConnectionSettings } from '../../connection-settings.ts';
import { StartupError } from '../../startup-error.ts';
import { SQLITE, sqliteCode } from '../driver/sqlite-faults.ts';

const BYTES_PER_MB = 2 ** 20;

export interface ReplicaOptions {
  /** The file of the replica. The files next to it (-wal, -shm, -client_wal_index) belong to it. */
  path: string;
  syncUrl: string;
  authToken?: string | undefined;
  settings: Pick<ConnectionSettings, 'DB_SOFT_HEAP_LIMIT_MB' | 'DB_HARD_HEAP_LIMIT_MB'>;
}

/** The result of a sync. */
export interface Synced {
  /** The newest frame of the server's log that the file contains. Undefined while the server is empty. */
  frame: number | undefined;
}

export interface Replica {
  /** Fetches the changes that the file lacks. Runs off the JS thread. Has no timeout if the server hangs. */
  sync(): Promise<Synced>;
}

/** Methods of libsql 0.5.29 that its types lack. */
interface Syncable {
  sync(): Promise<{ frames_synced: number; frame_no?: number | undefined } | undefined>;
}

/**
 * Opens a file as the replica of a libSQL server, only for syncing. Its connection sends pragmas and writes to the
 * server, and cannot be interrupted. One file must never have two such connections, not even for a moment or in
 * different processes: that corrupts it within a second (measured). Therefore this process holds a lock file while it
 * runs. Throws StartupError.
 */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const { path, syncUrl, authToken, settings } = options;
  if (existsSync(path) && !existsSync(`${path}-client_wal_index`)) throw new StartupError(noReplica(path));
  await lock(path);
  // Heap limits apply to the whole process. The connection of a replica cannot set them, so another one does.
  const limits = new PromiseSqlite(':memory:', {});
  for (const [name, value] of Object.entries({
    soft_heap_limit: settings.DB_SOFT_HEAP_LIMIT_MB * BYTES_PER_MB,
    hard_heap_limit: settings.DB_HARD_HEAP_LIMIT_MB * BYTES_PER_MB,
  })) {
    await (await limits.prepare(`PRAGMA ${name} = ${Number(value)}`)).all([]);
  }
  kept.push(limits);
  // With readYourWrites libsql would sync after each write, at the same time as our own sync.
  const own = { syncUrl, readYourWrites: false, ...(authToken === undefined ? {} : { authToken }) } as Sqlite.Options;
  let replica: Syncable;
  try {
    replica = asPromise(new Sqlite(path, own));
  } catch (error) {
    throw new StartupError(refusal(path, error), { cause: error });
  }
  return {
    async sync() {
      const result = await replica.sync();
      return { frame: result?.frame_no };
    },
  };
}

/** Connections that live as long as this process. Without these references they would be collected. */
const kept: unknown[] = [];

/** Makes `libsql/promise` use an open replica. It cannot open one itself because it omits an argument. */
function asPromise(opened: unknown): Syncable {
  const held = Object.create(PromiseSqlite.prototype) as Syncable & { db: unknown };
  held.db = (opened as { db: unknown }).db;
  kept.push(opened);
  return held;
}

/** Locks the replica by an open transaction on another file. The operating system releases it when the process ends. */
async function lock(path: string): Promise<void> {
  const beside = new PromiseSqlite(`${path}.lock`, {});
  try {
    await beside.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    beside.close();
    if (sqliteCode(error) !== SQLITE.BUSY) throw error;
    throw new StartupError(`${path}: another service uses this replica: give each service a file of its own`, {
      cause: error,
      fault: 'database_busy',
    });
  }
  kept.push(beside);
}

/** Errors after which no sync will succeed: the files no longer match, or are damaged. */
const BROKEN = /malformed|DatabaseCorrupt|delete the database|RequiresCleanDatabase|wal_index/;

/** True for an error of open or sync that only a new replica can fix. */
export function isBroken(error: unknown): boolean {
  return BROKEN.test(String(error));
}

/** True for a temporary error of sync: the server is making a snapshot of its log with what the replica lacks. */
export function isCompacting(error: unknown): boolean {
  return /snapshot not found/.test(String(error));
}

function refusal(path: string, error: unknown): string {
  if (isBroken(error)) return brokenReplica(path);
  return `${path}: the libSQL server of DB_SYNC_URL cannot be reached, or rejected DB_AUTH_TOKEN: ${String(error)}`;
}

/** A file that was never a replica may be the only copy of a database. */
function noReplica(path: string): string {
  return existsSync(`${path}.lock`)
    ? brokenReplica(path)
    : `${path}: this file exists and is not a replica: set DB_URL to a new file for the replica`;
}

export function brokenReplica(path: string): string {
  return `${path}: this replica is damaged or incomplete: stop the service, delete the file with its -wal, -shm and -client_wal_index, and start the service again`;
}
