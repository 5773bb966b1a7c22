import { sql } from 'kysely';
import { z } from 'zod';
import { offsetOf, type PageRequest, type Place } from '../../jobs/order.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column } from '../filters.ts';
import { jobJson } from '../job-json.ts';
import { newestFirst, type Slice } from '../newest-first.ts';
import type { NextPage } from '../pages.ts';
import type { Page } from '../port.ts';
import { parametersBehind, type Slots } from '../series.ts';
import type { PageStatement, SqlValue } from '../statement.ts';
import { sqlBuilder } from '../tables.ts';

/** Rows of a batch. The first is smaller: nobody knows yet how large its rows are. Those with metadata hold job scripts. */
const BATCH = { first: 100, firstWithMetadata: 25, most: 500 };
/** A row may have hundreds of KB (ten thousand nodes, a job script), an ordinary one has 600 bytes. */
const BATCH_BYTES = 256 * 1024;

const whole = z.string().transform(BigInt); // 64 bits, sent as text: JSON.parse would round them

const More = z.object({
  last: z
    .tuple([whole, whole])
    .transform(([startTime, id]): Place => ({ startTime, id }))
    .nullable(),
  archived: z.array(z.tuple([z.string(), whole, whole]).nullable()).transform((rows) =>
    rows.flatMap((row, index): ArchivedJob[] => {
      if (row === null) return [];
      const [cluster, jobId, startTime] = row;
      return [{ index, cluster, jobId, startTime }];
    }),
  ),
});

/** A row of the batch whose `statistics` the job archive holds; `index` counts the rows of the batch from 0. */
export interface ArchivedJob {
  readonly index: number;
  readonly cluster: string;
  readonly jobId: bigint;
  readonly startTime: bigint;
}

export interface JobsBatch {
  /** Where the next batch goes on; null when this one is empty. */
  last: Place | null;
  archived: ArchivedJob[];
}

export interface JobsListOptions extends PageRequest {
  readonly withMetadata: boolean;
  readonly nowSec: number;
}

/**
 * The batches of one page of a list, newest first: rows are REST Job objects, each one line of JSON text that ends in
 * `"statistics":null}`. Only the first batch skips rows by number; the others go on behind the last row.
 */
export function jobsPage(jobs: VisibleJobs, options: JobsListOptions): NextPage<JobsBatch> {
  let left = options.itemsPerPage;
  /** Rows asked for: of the batch that comes next, and of those that follow it in its series. */
  let asked: number[] = [];
  let made: { statement: PageStatement<JobsBatch>; slots: Slots } | undefined;
  return (before, most = 0) => {
    if (before === undefined) {
      left = options.itemsPerPage;
      const limit = Math.min(left, options.withMetadata ? BATCH.firstWithMetadata : BATCH.first);
      asked = [limit];
      return batch(jobs, options, { offset: offsetOf(options), limit });
    }
    const [wanted = 0, ...followers] = asked;
    const { last } = before.more;
    left -= before.rows;
    if (left <= 0 || before.rows < wanted || last === null) return undefined;
    asked = before.behind === undefined ? limitsOf(left, rowsLike(before), most) : followers;
    made ??= batchesBehind(jobs, options);
    const { statement, slots } = made;
    const [limit = 0, ...limits] = asked;
    const parameters = parametersBehind(statement.parameters, slots, last, limit);
    return { ...statement, parameters, ...(limits.length === 0 ? {} : { series: { limits, slots } }) };
  };
}

/** A batch of so many rows, and at most so many more. */
function limitsOf(left: number, rows: number, most: number): number[] {
  const batches = Math.min(most + 1, Math.ceil(left / rows));
  return Array.from({ length: batches }, (_, index) => Math.min(rows, left - index * rows));
}

/**
 * The batches behind a place, made once for the whole list: they differ in three values, and to make the text for each
 * costs 0.15 ms of the 4 ms that a batch takes.
 */
function batchesBehind(jobs: VisibleJobs, options: JobsListOptions) {
  const statement = batch(jobs, options, { after: STAND_INS, offset: 0n, limit: STAND_INS.limit });
  const slotsOf = (standIn: unknown) =>
    statement.parameters.flatMap((value: unknown, index) => (value === standIn ? [index] : []));
  const { startTime, id, limit } = STAND_INS;
  return { statement, slots: { startTime: slotsOf(startTime), id: slotsOf(id), limit: slotsOf(limit) } };
}

/** Stand for the values of a batch among the parameters: symbols, since no value of a caller is one. */
const STAND_INS = {
  startTime: Symbol('startTime') as unknown as bigint,
  id: Symbol('id') as unknown as bigint,
  limit: Symbol('limit') as unknown as number,
};

/** How many rows like those of a batch make a batch. */
function rowsLike({ bytes, rows }: Page<JobsBatch>): number {
  const rowBytes = Math.max(1, bytes.byteLength / rows);
  return Math.min(BATCH.most, Math.max(1, Math.floor(BATCH_BYTES / rowBytes)));
}

function batch(jobs: VisibleJobs, options: JobsListOptions, slice: Slice): PageStatement<JobsBatch> {
  // Ids first, from an index alone where one covers the filter: a page deep in the list skips no whole rows. The rows then
  // come in the order of `places`, the outer loop of the join; an ORDER BY in group_concat as well would cost a third of
  // the speed (120,000 against 180,000 rows a second).
  const archived = sql`CASE ${column('monitoring_status')} WHEN 3 THEN concat('[', json_quote(CAST(job.cluster AS TEXT)), ',"', CAST(job.job_id AS INTEGER), '","', CAST(job.start_time AS INTEGER), '"]') ELSE 'null' END`;
  const query = sql`WITH places AS MATERIALIZED (${newestFirst(jobs, slice)})
    SELECT CAST(ifnull(group_concat(${jobJson({ ...options, tagScopes: jobs.tagScopes })}, ',' || char(10)), '') AS BLOB) AS json,
      count(*) AS rows,
      CAST(concat('{"last":',
        ifnull((SELECT concat('["', CAST(start_time AS INTEGER), '","', id, '"]') FROM places ORDER BY start_time, id LIMIT 1), 'null'),
        ',"archived":[', group_concat(${archived}, ','), ']}') AS BLOB) AS more
    FROM places CROSS JOIN job ON job.id = places.id`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return { name: 'jobs page', sql: text, parameters: parameters as readonly SqlValue[], more: More };
}
