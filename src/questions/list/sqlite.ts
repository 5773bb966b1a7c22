import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import type { PageStatement, SqlValue } from '../../db/statement.ts';
import type { JobsTable } from '../../jobs/export-columns.ts';
import type { ListCursor } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { exportRow } from '../exported-jobs/sqlite.ts';
import { type JobJsonOptions, jobJson } from '../one-job/job-json.ts';
import { column, whereJob } from '../where/sqlite.ts';

const whole = z.string().transform(BigInt); // 64 bits, sent as text because JSON.parse would round them
const place = z.tuple([whole, whole]).transform(([startTime, id]): ListCursor => ({ startTime, id }));

const More = z.object({
  last: place.nullable(),
  following: z.object({ ids: z.string(), rows: z.int() }),
  archived: z.array(z.tuple([z.string(), whole, whole]).nullable()).transform((rows) =>
    rows.flatMap((row, index): ArchivedJob[] => {
      if (row === null) return [];
      const [cluster, jobId, startTime] = row;
      return [{ index, cluster, jobId, startTime }];
    }),
  ),
});

/** A row of the batch whose `statistics` are in the job archive. `index` counts the rows of the batch from 0. */
export interface ArchivedJob {
  readonly index: number;
  readonly cluster: string;
  readonly jobId: bigint;
  readonly startTime: bigint;
}

/** Rows whose ids are known and that have not been read. */
export interface FollowingRows {
  /** Their ids, separated by commas. One text, because parsing 500 positions would take a millisecond. */
  readonly ids: string;
  readonly rows: number;
}

export interface JobsBatch {
  /** The last position of a list that is newest first, including the rows after the batch. null without rows. */
  last: ListCursor | null;
  /** Additional rows after the batch, if they were requested. */
  following: FollowingRows;
  archived: ArchivedJob[];
}

/** How to show the jobs. */
export interface JobsBatchOptions extends Omit<JobJsonOptions, 'brief'> {
  readonly nowSec: number;
  /** Undefined: each job is an object of the REST API. */
  readonly table?: JobsTable | undefined;
}

/** The rows of a query for `id` and `start_time`, in its order. Only the first `shown` rows are read. */
export interface Walk {
  readonly positions: RawBuilder<unknown>;
  readonly shown: number;
  /**
   * True if the rows are first read in the order of the file, for batches of many rows. Operating systems read ahead
   * only for a reader that goes forward, and a list goes backward: from a disk, 54,000 rows a second became 176,000 to
   * 252,000. In memory it costs 0.4 µs a row.
   */
  readonly forward?: boolean;
}

export function batchStatement(
  jobs: VisibleJobs,
  options: JobsBatchOptions,
  { positions, shown, forward = false }: Walk,
): PageStatement<JobsBatch> {
  // Ids come first, from the index alone if it covers the filter, so that a page deep in the list does not read the
  // rows it skips. The rows then keep the order of `positions`, the outer loop of the join. A further ORDER BY in
  // group_concat would cost a third of the speed (120,000 against 180,000 rows a second).
  const archived = sql`CASE ${column('monitoring_status')} WHEN 3 THEN concat('[', json_quote(CAST(job.cluster AS TEXT)), ',"', CAST(job.job_id AS INTEGER), '","', CAST(job.start_time AS INTEGER), '"]') ELSE 'null' END`;
  const { table, nowSec } = options;
  const rows =
    table === undefined
      ? sql`group_concat(${jobJson(jobs, options)}, ',' || char(10))`
      : sql`group_concat(${exportRow(jobs, table, nowSec)}, '')`;
  const place = sql`concat('["', CAST(start_time AS INTEGER), '","', id, '"]')`;
  // IN goes through the ids in ascending order. The condition makes it read the rows.
  const touched = sql`, touched AS MATERIALIZED (SELECT count(*) FROM job NOT INDEXED WHERE id IN (SELECT id FROM positions) AND job_id IS NOT NULL)`;
  const query = sql`WITH walked AS MATERIALIZED (${positions}), positions AS MATERIALIZED (SELECT id, start_time FROM walked LIMIT ${shown})${forward ? touched : sql``}
    SELECT CAST(ifnull(${rows}, '') AS BLOB) AS json,
      count(*) AS rows,
      CAST(concat('{"last":',
        ifnull((SELECT ${place} FROM walked ORDER BY start_time, id LIMIT 1), 'null'),
        (SELECT concat(',"following":{"rows":', count(*), ',"ids":"', group_concat(id, ','), '"}')
          FROM (SELECT id FROM walked LIMIT -1 OFFSET ${shown})),
        ',"archived":[', ${table === undefined ? sql`CASE WHEN max(job.monitoring_status = 3) THEN group_concat(${archived}, ',') END` : sql`''`}, ']}') AS BLOB) AS more
    FROM ${forward ? sql`touched CROSS JOIN ` : sql``}positions CROSS JOIN job ON job.id = positions.id`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return { name: 'jobs page', sql: text, parameters: parameters as readonly SqlValue[], more: More };
}

/**
 * The rows with these comma-separated ids, in their order. Rows that were deleted or no longer match are left out. They
 * are read in the order of the file, as with `forward`. Without LIMIT SQLite would not sort the ids.
 */
export function withIds(jobs: VisibleJobs, ids: string): RawBuilder<unknown> {
  return sql`SELECT job.id AS id, job.start_time AS start_time
    FROM (SELECT value AS id, key AS at FROM json_each('[' || ${ids} || ']') ORDER BY value LIMIT -1) AS place
      CROSS JOIN job ON job.id = place.id
    WHERE ${whereJob(jobs)} ORDER BY place.at`;
}
