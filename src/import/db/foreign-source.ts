import type { Sqlite } from '../../db/driver/node-sqlite.ts';
import { jobColumns } from '../../db/foreign/foreign-columns.ts';
import { openForeign } from '../../db/foreign/open-foreign.ts';
import { columnsOf, type ForeignRows, lastRowid, rowsOfTable } from '../../db/foreign/read-foreign.ts';
import { SCHEMA_VERSION } from '../../db/schema/schema-version.ts';
import type { SqlValue } from '../../db/statement.ts';
import { StartupError } from '../../startup-error.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../batch.ts';
import { COPIED_TABLES, type CopiedTable, type Copy } from './copied-tables.ts';
import { BadRow, jobOfRow } from './foreign-job.ts';

export interface DatabaseSource extends ImportSource {
  /** Returns the rows of a table for the write of the same name. */
  copies(copy: Copy): AsyncIterable<SqlValue[][]>;
  /** Throws StartupError if another program has written to the file since it was opened. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a job database of cc-backend (schema 10, 11 or similar) without changing the file. Throws StartupError. */
export async function databaseSource(path: string, temporaryRoot: string): Promise<DatabaseSource> {
  const file = await openForeign(path, temporaryRoot);
  try {
    const total = checkedTotal(path, file.connection);
    return {
      total,
      batches: () => batchesOf(file.connection),
      copies: (copy) => rowsToCopy(file.connection, copy),
      checkUnchanged: file.checkUnchanged,
      close: file.close,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function checkedTotal(path: string, db: Sqlite): number {
  const columns = columnsOfJob(path, db);
  const missing = ['job_id', 'cluster', 'start_time', 'job_state', 'resources'].filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new StartupError(
      `${path} is not a job database of ClusterCockpit: its table job lacks ${missing.join(', ')}`,
    );
  }
  checkVersion(path, db);
  return lastRowid(db, 'job');
}

function columnsOfJob(path: string, db: Sqlite): Set<string> {
  try {
    return columnsOf(db, 'job');
  } catch (cause) {
    throw new StartupError(`${path} is not an SQLite database`, { cause });
  }
}

/** Refuses newer versions, whose columns may have another meaning, and dirty files, which may mix two versions. */
function checkVersion(path: string, db: Sqlite): void {
  if (columnsOf(db, 'schema_migrations').size === 0) return; // older than its migrations
  const [row] = db.all('SELECT version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations');
  if (row === undefined) return;
  if (Number(row['dirty']) !== 0) {
    throw new StartupError(
      `${path}: a migration of this database failed halfway (dirty): repair it, or import a backup`,
    );
  }
  if (Number(row['version']) > SCHEMA_VERSION) {
    throw new StartupError(
      `${path} has schema version ${Number(row['version'])} of a newer cc-backend; this cc-jobs reads versions up to ${SCHEMA_VERSION}: update cc-jobs`,
    );
  }
}

async function* batchesOf(db: Sqlite): AsyncGenerator<ImportBatch, void, void> {
  const tagColumns = columnsOf(db, 'tag');
  const hasTags = tagColumns.size > 0 && columnsOf(db, 'jobtag').size > 0;
  const tags = hasTags ? (tagColumns.has('tag_scope') ? 'scoped' : 'global') : 'none';
  const builder = new BatchBuilder();
  for (const part of rowsOfTable(db, 'job', jobColumns(tags))) {
    yield batchOf(builder, part, 'job', part.ids.at(-1) ?? 0);
  }
  // Jobs that have started and have not been moved yet (contract/database.md §4). A job in both tables is the same job.
  for (const part of rowsOfTable(db, 'job_cache', jobColumns('none'))) {
    yield batchOf(builder, part, 'job_cache', 0);
  }
}

function batchOf(builder: BatchBuilder, { rows, ids, repaired }: ForeignRows, table: string, position: number) {
  for (const [at, row] of rows.entries()) {
    const where = `${table} ${ids[at]}`;
    try {
      builder.job(jobOfRow(row), repaired && JSON.stringify(row).includes('\uFFFD'), where);
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      builder.bad(where, error.message);
    }
  }
  return builder.take(position);
}

async function* rowsToCopy(db: Sqlite, copy: Copy): AsyncGenerator<SqlValue[][], void, void> {
  const { table, columns, defaults }: CopiedTable = COPIED_TABLES[copy];
  for (const { rows } of rowsOfTable(db, table, columns)) {
    yield rows.map((row) => Object.keys(columns).map((name) => sqlValueOf(row[name]) ?? defaults[name] ?? null));
  }
}

function sqlValueOf(value: unknown): SqlValue {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
