import type { Tag } from '../../jobs/job.ts';
import type { Transaction } from '../driver/transaction.ts';
import { JOB_COLUMNS, type JobRow, type JobRows } from '../job-rows.ts';
import { plainRows, type SqlValue } from '../statement.ts';
import { hasCachedJobs, moveCachedJobs } from './cached-jobs.ts';
import { endStoredJobs } from './end-stored-jobs.ts';
import { linkTags } from './tag-job.ts';

/** The result of `jobRows(jobs)`. */
export type InsertJobsInput = JobRows;

export interface InsertJobsOutput {
  /** Rows added. */
  inserted: number;
  /** Stored jobs that had not ended, or whose end was assumed, and that ended with their row. */
  ended: number;
  /** Indexes of the rows that table `job` refuses for another reason than its key. */
  refusedRows: number[];
  /** Tags that exist in another scope. A tag is known by type and name alone, so these were not put on any job. */
  refusedTags: Tag[];
}

/** Rows per INSERT. 25 rows reach 75,000 rows/s, one row 43,000; more rows gain nothing (2 cores, no other index). */
const ROWS_AT_ONCE = 25;

const INSERT_ONE = insertOf(1);
const INSERT_MANY = insertOf(ROWS_AT_ONCE);

function insertOf(rows: number): string {
  const row = `(${JOB_COLUMNS.map(() => '?').join(', ')})`;
  return `INSERT OR IGNORE INTO job (${JOB_COLUMNS.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`;
}

/**
 * Adds the jobs that are not stored yet (by jobId, cluster and startTime), with their tags. A row of a job that has
 * ended ends a stored job with an open end (assumed-end.ts). Other stored jobs do not change.
 */
export async function insertJobs(tx: Transaction, { rows, tags }: InsertJobsInput): Promise<InsertJobsOutput> {
  await moveCached(tx, rows);
  const whole = rows.length - (rows.length % ROWS_AT_ONCE);
  const groups: SqlValue[][] = [];
  for (let from = 0; from < whole; from += ROWS_AT_ONCE) groups.push(flat(rows.slice(from, from + ROWS_AT_ONCE)));
  const inserted = (await tx.runEach(INSERT_MANY, groups)) + (await tx.runEach(INSERT_ONE, rows.slice(whole)));
  const isAllNew = inserted === rows.length;
  return {
    inserted,
    ended: isAllNew ? 0 : await endStoredJobs(tx, rows),
    refusedRows: isAllNew ? [] : await missingRows(tx, rows),
    refusedTags: tags.length === 0 ? [] : await linkTags(tx, tags),
  };
}

function flat(rows: readonly JobRow[]): SqlValue[] {
  const values: SqlValue[] = [];
  for (const row of rows) values.push(...row);
  return values;
}

const [JOB_ID, CLUSTER, START_TIME] = (['job_id', 'cluster', 'start_time'] as const).map((name) =>
  JOB_COLUMNS.indexOf(name),
) as [number, number, number];

/** A job that cc-backend has started and not yet moved is stored as well. */
async function moveCached(tx: Transaction, rows: readonly JobRow[]): Promise<void> {
  if (rows.length === 0 || !(await hasCachedJobs(tx))) return;
  for (const row of rows) {
    const [jobId, cluster, startTime] = [row[JOB_ID], row[CLUSTER], row[START_TIME]];
    if (isNumber(jobId) && typeof cluster === 'string' && isNumber(startTime)) {
      await moveCachedJobs(tx, { jobId, cluster, startTime });
    }
  }
}

function isNumber(value: SqlValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** OR IGNORE also skips a row that breaks NOT NULL or CHECK: such a row has no job of its key afterwards. */
async function missingRows(tx: Transaction, rows: readonly JobRow[]): Promise<number[]> {
  const keys = JSON.stringify(rows.map((row) => [JOB_ID, CLUSTER, START_TIME].map((at) => String(row[at]))));
  const missing = await tx.read(
    plainRows<{ at: string }>(
      'missingRows',
      ['at'],
      `SELECT CAST(wanted.key AS TEXT) AS at FROM json_each(?) AS wanted WHERE NOT EXISTS (
         SELECT 1 FROM job WHERE job_id = CAST(wanted.value ->> 0 AS INTEGER) AND cluster = wanted.value ->> 1
           AND start_time = CAST(wanted.value ->> 2 AS INTEGER))`,
      [keys],
    ),
  );
  return missing.map(({ at }) => Number(at));
}
