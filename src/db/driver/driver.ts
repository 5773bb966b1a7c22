import Sqlite from 'libsql/promise';
import { readOnlyUri } from './sqlite.ts';

/** A connection of libsql as it is; its own types leave `inTransaction` out. Reading it after close() aborts the process. */
export type Driver = Sqlite & { readonly inTransaction: boolean };

/**
 * A connection of libsql that reads a file and cannot write to it. Its queries run off the JS thread and can be interrupted. Its
 * SQLite (3.45.1) has the bug that sqlite.ts tells of, so it may neither write nor checkpoint: opened with `mode=ro` it does neither, also
 * when it closes the file last (a plain connection checkpoints then). `busyTimeoutMs`: how long a statement waits for a lock; such a
 * wait cannot be interrupted.
 */
export function openReader(path: string, busyTimeoutMs = 0): Driver {
  return new Sqlite(readOnlyUri(path), { timeout: busyTimeoutMs }) as Driver;
}

/** A database in memory, which is no file: it computes what readers compute. */
export function openMemory(): Driver {
  return new Sqlite(':memory:', {}) as Driver;
}
