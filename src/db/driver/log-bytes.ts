import { statSync } from 'node:fs';

/** Bytes of the log (WAL) beside a database. */
export function logBytesOf(path: string): number {
  try {
    return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0; // the folder cannot be looked into: nothing is known
  }
}
