import Sqlite from 'libsql/promise';
import { readOnlyUri } from './node-sqlite.ts';

/** A libsql connection. The types of libsql lack `inTransaction`. Reading it after close() aborts the process. */
export type Driver = Sqlite & { readonly inTransaction: boolean };

/**
 * Opens a libsql connection that can read a file but not write to it. Its queries run off the JS thread and can be
 * interrupted. Its SQLite (3.45.1) has the bug described in node-sqlite.ts, so it must neither write nor checkpoint.
 * With `mode=ro` it does neither, even when it is the last to close the file (a plain connection would checkpoint then).
 * `busyTimeoutMs` is how long a statement waits for a lock. Such a wait cannot be interrupted.
 */
export function openReader(path: string, busyTimeoutMs = 0): Driver {
  return new Sqlite(readOnlyUri(path), { timeout: busyTimeoutMs }) as Driver;
}

/** Opens a database in memory, to compute what readers compute. */
export function openMemory(): Driver {
  return new Sqlite(':memory:', {}) as Driver;
}
