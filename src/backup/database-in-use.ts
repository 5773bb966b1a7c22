import { readFileSync, statSync } from 'node:fs';
import { Sqlite } from '../db/driver/node-sqlite.ts';
import { SQLITE, sqliteCode } from '../db/driver/sqlite-faults.ts';
import { StartupError } from '../startup-error.ts';

/** SQLite locks these bytes of a database file (https://www.sqlite.org/src/file/src/os.h, PENDING_BYTE). */
const FIRST_LOCKED_BYTE = 0x40000000;

/** Throws StartupError if a program has an existing database open. */
export function checkUnused(path: string): void {
  lock(path, (db) => db.exec('BEGIN EXCLUSIVE'))();
}

/**
 * Moves the log of an existing database into its file, and keeps every other program out until the returned function is
 * called. Throws StartupError if a program has it open.
 */
export function takeOutOfUse(path: string): () => void {
  return lock(path, (db) => {
    // With a log, closing this connection would delete the log of the database that has the name then.
    db.all('PRAGMA journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  });
}

/** A damaged file cannot be locked. Then Linux tells whether another program has locked it. */
function lock(path: string, begin: (db: Sqlite) => void): () => void {
  const db = new Sqlite(path);
  try {
    // Every connection holds a shared lock as long as it is open. This one asks for the exclusive lock.
    db.all('PRAGMA locking_mode = EXCLUSIVE');
    begin(db);
    return () => db.close();
  } catch (error) {
    db.close();
    const code = sqliteCode(error);
    if (code === SQLITE.BUSY) throw inUse(path, error);
    if (code !== SQLITE.CORRUPT && code !== SQLITE.NOTADB) throw error;
    if (isLocked(path)) throw inUse(path, error);
    return () => {};
  }
}

function inUse(path: string, cause: unknown): StartupError {
  return new StartupError(`${path} is in use: stop the service and every other program that has it open`, {
    cause,
    fault: 'database_busy',
  });
}

/** Whether any process of this machine holds a lock of SQLite on the file (proc_locks(5)). */
function isLocked(path: string): boolean {
  const inode = String(statSync(path).ino);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some((words) => {
      const [device = '', from] = words.slice(-3);
      return device.split(':')[2] === inode && Number(from) >= FIRST_LOCKED_BYTE;
    });
}
