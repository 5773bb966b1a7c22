import Sqlite from 'libsql/promise';

/** A connection of libsql as it is; its own types leave `inTransaction` out. Reading it after close() aborts the process. */
export type Driver = Sqlite & { readonly inTransaction: boolean };

/** `busyTimeoutMs`: how long a statement waits for a lock; such a wait cannot be interrupted. */
export function openDriver(path: string, busyTimeoutMs = 0): Driver {
  return new Sqlite(path, { timeout: busyTimeoutMs }) as Driver;
}
