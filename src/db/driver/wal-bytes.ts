import { statSync } from 'node:fs';

/** Size of the log (WAL) of a database in bytes. */
export function logBytesOf(path: string): number {
  try {
    return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0; // unknown: the folder cannot be read
  }
}
