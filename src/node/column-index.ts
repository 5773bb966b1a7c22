import { BEYOND_DUCKDB_MB, IndexClient } from '../column-index/index-client.ts';
import { withIndex, withoutIndex } from '../column-index/with-index.ts';
import type { Database } from '../db/port.ts';
import type { Log } from '../log.ts';
import type { QuestionIndex } from '../questions/ask.ts';
import type { SettingValues } from '../settings.ts';
import type { Sizing } from '../system-state.ts';

interface ColumnIndexPlace {
  settings: SettingValues;
  sizing: Sizing;
  /** The database file. */
  path: string;
  tempDir: string;
  log: Log;
}

/** A question that spills more than this is none that a dashboard asks. */
const SPILL_MB = 2_048;

/** An open database, and what answers questions about many jobs faster, if there is a column index. */
export interface OpenDatabase {
  db: Database;
  index?: QuestionIndex;
}

/** A column index next to the file of a database, if the settings want one, and there is enough memory and the package for it. */
export function indexed(db: Database, { settings, sizing, path, tempDir, log }: ColumnIndexPlace): OpenDatabase {
  if (settings.COLUMN_INDEX === 'off') return { db };
  if (sizing.columnsMb === 0) return { db: withoutIndex(db, 'there is not enough memory for it') };
  if (!hasPackage()) {
    const reason = 'the package @duckdb/node-api is not installed, or does not support this system';
    log.warn({ reason }, 'COLUMN_INDEX is off');
    return { db: withoutIndex(db, reason) };
  }
  const index = new IndexClient({
    databasePath: path,
    path: `${path}.columns`,
    memoryMb: sizing.columnsMb - BEYOND_DUCKDB_MB,
    tempDir,
    spillMb: SPILL_MB,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    log,
  });
  return { db: withIndex(db, index), index };
}

/** Looked for, not loaded: the parent never runs it. */
function hasPackage(): boolean {
  try {
    import.meta.resolve('@duckdb/node-api');
    return true;
  } catch {
    return false;
  }
}
