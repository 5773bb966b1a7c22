import { existsSync } from 'node:fs';
import Sqlite from 'libsql';
import PromiseSqlite from 'libsql/promise';
import { StartupError } from '../../startup-error.ts';
import { SQLITE, sqliteCode } from '../driver/sqlite-faults.ts';

export interface ReplicaOptions {
  /** The file of the replica; what lies beside it (-wal, -shm, -client_wal_index) belongs to it. */
  path: string;
  syncUrl: string;
  authToken?: string | undefined;
  softHeapLimitBytes: number;
  hardHeapLimitBytes: number;
}

/** What a sync brought. */
export interface Synced {
  /** The newest frame of the server's log that the file has, undefined while the server is empty. */
  frame: number | undefined;
}

export interface Replica {
  /** Fetches what the server has and the file has not. Runs off the JS thread, and has no end of its own when the server hangs. */
  sync(): Promise<Synced>;
}

/** What libsql 0.5.29 has and its types leave out. */
interface Syncable {
  sync(): Promise<{ frames_synced: number; frame_no?: number | undefined } | undefined>;
}

/**
 * Opens a file as the replica of a libSQL server, for syncing alone: its connection sends pragmas and writes to the server, and cannot be
 * interrupted. There must never be two on one file, in no process and not for a moment: that corrupts it within a second (measured). So
 * this process holds a lock file next to it while it runs. Throws StartupError.
 */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const { path, syncUrl, authToken, softHeapLimitBytes, hardHeapLimitBytes } = options;
  if (existsSync(path) && !existsSync(`${path}-client_wal_index`)) throw new StartupError(noReplica(path));
  await lock(path);
  // Heap limits are those of the process: any connection of it can set them, and that of a replica cannot.
  const limits = new PromiseSqlite(':memory:', {});
  for (const [name, value] of Object.entries({
    soft_heap_limit: softHeapLimitBytes,
    hard_heap_limit: hardHeapLimitBytes,
  })) {
    await (await limits.prepare(`PRAGMA ${name} = ${Number(value)}`)).all([]);
  }
  kept.push(limits);
  // A sync behind each write would be a second one beside ours.
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

/** Connections of this process that live as long as it does: nobody else refers to them. */
const kept: unknown[] = [];

/** `libsql/promise` cannot open a replica by itself (it leaves out an argument), but can work on one that is open. */
function asPromise(opened: unknown): Syncable {
  const held = Object.create(PromiseSqlite.prototype) as Syncable & { db: unknown };
  held.db = (opened as { db: unknown }).db;
  kept.push(opened);
  return held;
}

/** Held by an open transaction on a file of its own: the operating system lets go of it with the process, however that ends. */
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

/** Errors after which no sync will succeed: the files do not belong together any more, or are damaged. */
const BROKEN = /malformed|DatabaseCorrupt|delete the database|RequiresCleanDatabase|wal_index/;

/** True for an error of open or sync that only a new replica mends. */
export function isBroken(error: unknown): boolean {
  return BROKEN.test(String(error));
}

/** True for an error of sync that passes: the server makes a snapshot of its log, which has what the replica lacks. */
export function isCompacting(error: unknown): boolean {
  return /snapshot not found/.test(String(error));
}

function refusal(path: string, error: unknown): string {
  if (isBroken(error)) return brokenReplica(path);
  return `${path}: the libSQL server of DB_SYNC_URL cannot be reached, or rejected DB_AUTH_TOKEN: ${String(error)}`;
}

/** A file that was never a replica may be somebody's only copy of his jobs. */
function noReplica(path: string): string {
  return existsSync(`${path}.lock`)
    ? brokenReplica(path)
    : `${path}: this file exists and is not a replica: set DB_URL to a new file for the replica`;
}

export function brokenReplica(path: string): string {
  return `${path}: this replica is damaged or incomplete: stop the service, delete the file with its -wal, -shm and -client_wal_index, and start the service again`;
}
