import { resolve } from 'node:path';
import Sqlite from 'libsql/promise';

/** A connection of libsql as it is; its own types leave `inTransaction` out. Reading it after close() aborts the process. */
export type Driver = Sqlite & { readonly inTransaction: boolean };

/** A file that this connection cannot write to, whatever it is asked. */
export function readOnlyUri(path: string, more = ''): string {
  return `file:${encodeURI(resolve(path)).replace(/[?#]/g, encodeURIComponent)}?mode=ro${more}`;
}

/** `busyTimeoutMs`: how long a statement waits for a lock; such a wait cannot be interrupted. */
export function openDriver(path: string, busyTimeoutMs = 0): Driver {
  return new Sqlite(path, { timeout: busyTimeoutMs }) as Driver;
}
