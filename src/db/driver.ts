import { resolve } from 'node:path';
import SyncSqlite from 'libsql';
import Sqlite from 'libsql/promise';

/** A connection of libsql as it is; its own types leave `inTransaction` out. Reading it after close() aborts the process. */
export type Driver = Sqlite & { readonly inTransaction: boolean };

/**
 * Runs a statement on this thread, which stands still meanwhile. `exec` goes to another one and back, which costs more than what a
 * commit has to do (0.2 ms of the 1.5 of a request).
 */
export function execNow(db: Driver, sql: string): void {
  SyncSqlite.prototype.exec.call(db, sql); // both kinds hold the same native connection
}

/** A file that this connection cannot write to, whatever it is asked. */
export function readOnlyUri(path: string, more = ''): string {
  return `file:${encodeURI(resolve(path)).replace(/[?#]/g, encodeURIComponent)}?mode=ro${more}`;
}

/** `busyTimeoutMs`: how long a statement waits for a lock; such a wait cannot be interrupted. */
export function openDriver(path: string, busyTimeoutMs = 0): Driver {
  return new Sqlite(path, { timeout: busyTimeoutMs }) as Driver;
}
