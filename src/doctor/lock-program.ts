/** Exits with LOCKED if another process has the database of its argument locked for writing, else with NOT_LOCKED. */
import { Sqlite } from '../db/driver/node-sqlite.ts';
import { SQLITE, sqliteCode } from '../db/driver/sqlite-faults.ts';
import { LOCKED, NOT_LOCKED } from './database-folder.ts';

const db = new Sqlite(process.argv[2] ?? '');
try {
  db.exec('BEGIN IMMEDIATE');
  process.exitCode = NOT_LOCKED;
} catch (error) {
  if (sqliteCode(error) !== SQLITE.BUSY) throw error;
  process.exitCode = LOCKED;
} finally {
  db.close();
}
