import type { Tag } from '../../jobs/job.ts';
import { JOB_COLUMNS, type JobRow, type JobRows, type TaggedJob } from '../job-rows.ts';
import { plainRows, type SqlValue } from '../statement.ts';
import type { Transaction } from '../transaction.ts';

/** Made by `jobRows(jobs)`. */
export type InsertJobsInput = JobRows;

export interface InsertJobsOutput {
  /** Rows added; the others were there already (same jobId, cluster and startTime) and stay as they are. */
  inserted: number;
  /** Tags that exist in another scope. A tag is known by type and name alone, so these were not put on any job. */
  refusedTags: Tag[];
}

/** Rows of one INSERT: 25 give 75,000 rows/s, one gives 43,000, more gain nothing (2 cores, no other index). */
const ROWS_AT_ONCE = 25;

const INSERT_ONE = insertOf(1);
const INSERT_MANY = insertOf(ROWS_AT_ONCE);

function insertOf(rows: number): string {
  const row = `(${JOB_COLUMNS.map(() => '?').join(', ')})`;
  return `INSERT OR IGNORE INTO job (${JOB_COLUMNS.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`;
}

/** Adds the jobs that are not there yet, with their tags. */
export async function insertJobs(tx: Transaction, { rows, tags }: InsertJobsInput): Promise<InsertJobsOutput> {
  const whole = rows.length - (rows.length % ROWS_AT_ONCE);
  const groups: SqlValue[][] = [];
  for (let from = 0; from < whole; from += ROWS_AT_ONCE) groups.push(flat(rows.slice(from, from + ROWS_AT_ONCE)));
  const inserted = (await tx.runEach(INSERT_MANY, groups)) + (await tx.runEach(INSERT_ONE, rows.slice(whole)));
  return { inserted, refusedTags: tags.length === 0 ? [] : await insertTags(tx, tags) };
}

function flat(rows: readonly JobRow[]): SqlValue[] {
  const values: SqlValue[] = [];
  for (const row of rows) values.push(...row);
  return values;
}

async function insertTags(tx: Transaction, tagged: readonly TaggedJob[]): Promise<Tag[]> {
  const tags = [...new Map(tagged.map(({ tag }) => [JSON.stringify([tag.type, tag.name, tag.scope]), tag])).values()];
  await tx.runEach(
    'INSERT OR IGNORE INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)',
    tags.map(({ type, name, scope }) => [type, name, scope]),
  );
  await tx.runEach(
    `INSERT OR IGNORE INTO jobtag (job_id, tag_id)
     SELECT job.id, tag.id FROM job, tag
     WHERE job.job_id = ? AND job.cluster = ? AND job.start_time = ?
       AND tag.tag_type = ? AND tag.tag_name = ? AND tag.tag_scope = ?`,
    tagged.map(({ tag, jobId, cluster, startTime }) => [jobId, cluster, startTime, tag.type, tag.name, tag.scope]),
  );
  return await tx.read(tagsInOtherScopes(tags));
}

/** Of some tags those whose type and name exist in another scope. */
function tagsInOtherScopes(tags: readonly Tag[]) {
  const wanted = JSON.stringify(tags.map(({ type, name, scope }) => [type, name, scope]));
  return plainRows<Tag>(
    'tagsInOtherScopes',
    ['type', 'name', 'scope'],
    `SELECT wanted.value ->> 0 AS type, wanted.value ->> 1 AS name, wanted.value ->> 2 AS scope
        FROM json_each(?) AS wanted
        JOIN tag ON tag.tag_type = wanted.value ->> 0 AND tag.tag_name = wanted.value ->> 1
        WHERE tag.tag_scope <> wanted.value ->> 2
        ORDER BY wanted.id`,
    [wanted],
  );
}
