import { BEYOND_DUCKDB_MB, IndexClient } from '../column-index/index-client.ts';
import { withIndex, withoutIndex } from '../column-index/status-with-index.ts';
import type { Database } from '../db/port.ts';
import type { Log } from '../log.ts';
import type { QuestionIndex } from '../questions/index-port.ts';
import type { FixedSettings } from '../restart-only-settings.ts';
import type { Sizing } from '../system-state-types.ts';

interface ColumnIndexPlace {
  settings: FixedSettings;
  sizing: Sizing;
  /** Path of the database file. */
  path: string;
  tempDir: string;
  log: Log;
}

export const NO_DUCKDB = 'the package @duckdb/node-api is not installed, or does not support this system';
/** A dashboard asks no questions that spill more than this. */
const SPILL_MB = 2_048;

/** An open database with its column index, if there is one. */
export interface OpenDatabase {
  db: Database;
  index?: QuestionIndex;
}

/** Opens a column index next to a database file if settings, available memory and installed packages permit. */
export function indexed(db: Database, { settings, sizing, path, tempDir, log }: ColumnIndexPlace): OpenDatabase {
  if (settings.COLUMN_INDEX === 'off') return { db };
  if (sizing.columnsMb === 0) return { db: withoutIndex(db, 'there is not enough memory for it') };
  if (!hasDuckDb()) {
    log.warn({ reason: NO_DUCKDB }, 'COLUMN_INDEX is off');
    return { db: withoutIndex(db, NO_DUCKDB) };
  }
  const index = new IndexClient({
    databasePath: path,
    path: `${path}.columns`,
    memoryMb: sizing.columnsMb - BEYOND_DUCKDB_MB,
    tempDir,
    spillMb: SPILL_MB,
    shortJobSec: settings.SHORT_JOB_S,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    log,
  });
  return { db: withIndex(db, index), index };
}

/** Checks the package without loading it, because the parent never runs it. */
export function hasDuckDb(): boolean {
  try {
    import.meta.resolve('@duckdb/node-api');
    return true;
  } catch {
    return false;
  }
}
