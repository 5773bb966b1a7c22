import { type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import type { DeleteCursor, OmitTagged } from '../../jobs/retention-options.ts';
import { allOf } from '../sql/conditions.ts';
import { NOT_KEPT } from '../sql/kept-by-tags.ts';
import { exactWhole, statementOf } from '../sql/sql-rows.ts';

export interface EndedJobs {
  /** Unix seconds. Jobs that ended earlier are selected. */
  readonly before: number;
  /** Tagged jobs that are left out. */
  readonly omit: OmitTagged;
  /**
   * `monitored`: only jobs that may have files in the archive, whose monitoring status is not 0 (disabled). `archived`:
   * only jobs that should have some, whose monitoring status is 3.
   */
  readonly which: 'all' | 'monitored' | 'archived';
  readonly after: DeleteCursor | undefined;
  /** The most jobs to examine. */
  readonly limit: number;
}

/**
 * The next jobs in the order of their start, each with whether it is selected. All that were examined are returned, so
 * that a statement never scans a whole table in which few jobs are selected.
 */
export function endedJobs({ before, omit, which, after, limit }: EndedJobs) {
  const place =
    after === undefined ? sql`1` : sql`(job.start_time, job.id) > (${BigInt(after.startTime)}, ${BigInt(after.id)})`;
  const isSelected = allOf([
    sql<SqlBool>`job.job_state IN (${sql.join(ENDED_STATES)})`,
    sql<SqlBool>`job.start_time + job.duration < ${before}`,
    ...(which === 'monitored' ? [sql<SqlBool>`job.monitoring_status <> 0`] : []),
    ...(which === 'archived' ? [sql<SqlBool>`job.monitoring_status = 3`] : []),
    sql.raw<SqlBool>(NOT_KEPT[omit]),
  ]);
  return statementOf(
    'ended jobs',
    sql`SELECT CAST(job.id AS TEXT) AS id, CAST(CAST(job.start_time AS INTEGER) AS TEXT) AS startTime, CAST(job.cluster AS TEXT) AS cluster, CAST(CAST(job.job_id AS INTEGER) AS TEXT) AS jobId, ${isSelected} AS isSelected
        FROM job WHERE job.start_time < ${before} AND ${place} ORDER BY job.start_time, job.id LIMIT ${limit}`,
    z.object({ id: z.string(), startTime: z.string(), cluster: z.string(), jobId: exactWhole, isSelected: z.int() }),
  );
}
