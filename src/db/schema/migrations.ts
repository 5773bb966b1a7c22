import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Plain SQL files, applied in the order of their names. */
export const FOLDER = join(import.meta.dirname, '../../../migrations');
/** These make a file of schema 11. One that cc-backend made has them in its own way, indexes included: it stays as it is. */
export const BASE = ['0001_schema_11.sql', '0002_lean_indexes.sql'];

/** Which migrations a database has. */
export const RECORD = `CREATE TABLE IF NOT EXISTS ccjobs_migrations (
  name TEXT NOT NULL PRIMARY KEY,
  applied_at INTEGER NOT NULL -- Unix seconds
) STRICT`;

/** What a run of them did. */
export interface Migrated {
  made: boolean;
  applied: string[];
}

/** All there are, in the order in which they are applied. */
export async function migrationNames(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
}
