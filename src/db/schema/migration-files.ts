import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Plain SQL files, applied in the order of their names. */
export const FOLDER = join(import.meta.dirname, '../../../migrations');
/** These create schema 11. A file of cc-backend has its own version of them, indexes included, and keeps it. */
export const BASE = ['0001_schema_11.sql', '0002_lean_indexes.sql', '0008_long_jobs.sql'];

/**
 * Finds a row in a database of cc-backend. It keeps its indexes, also if a version adopted it that had fewer base
 * migrations. None of our indexes has this name.
 */
export const OF_CC_BACKEND = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'jobs_cluster_user'";

/** The record of the applied migrations. */
export const RECORD = `CREATE TABLE IF NOT EXISTS ccjobs_migrations (
  name TEXT NOT NULL PRIMARY KEY,
  applied_at INTEGER NOT NULL -- Unix seconds
) STRICT`;

/** The result of a run. */
export interface Migrated {
  made: boolean;
  applied: string[];
}

/** The names of all migrations, in order. */
export async function migrationNames(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
}
