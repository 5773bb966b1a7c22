import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import { SUBMIT_TIME } from '../../db/sql/stored-submit-time.ts';
import { JOB_STATES } from '../../jobs/job-enums.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { groupKey } from '../group-keys/sqlite.ts';
import { newestFirst } from '../list/newest-first.ts';
import { durationAt } from '../one-job/job-json.ts';

const PastJobRow = z.object({
  user: z.string(),
  cluster: z.string(),
  partition: z.string(),
  family: z.string(),
  state: z.enum(JOB_STATES),
  nodes: z.number(),
  submitTime: z.number(),
  startTime: z.number(),
  duration: z.number(),
  walltime: z.number(),
});
export type PastJobRow = z.output<typeof PastJobRow>;

/** The newest jobs of a filter, newest start first, with what advice needs of them. */
export function newestJobs(jobs: VisibleJobs, { nowSec, limit }: { nowSec: number; limit: number }) {
  const text = (name: 'hpc_user' | 'cluster' | 'cluster_partition') =>
    sql`CAST(ifnull(${sql.ref(`job.${name}`)}, '') AS TEXT)`;
  return statementOf(
    'newest jobs',
    sql`WITH positions AS MATERIALIZED (${newestFirst(jobs, { offset: 0n, limit })})
      SELECT ${text('hpc_user')} AS user, ${text('cluster')} AS cluster, ${text('cluster_partition')} AS partition,
        ${groupKey('name-family', { nowSec })} AS family, job.job_state AS state, CAST(job.num_nodes AS INTEGER) AS nodes,
        ${sql.raw(SUBMIT_TIME)} AS "submitTime", CAST(job.start_time AS INTEGER) AS "startTime",
        CAST(${durationAt(nowSec)} AS INTEGER) AS duration, CAST(job.walltime AS INTEGER) AS walltime
      FROM positions CROSS JOIN job ON job.id = positions.id`,
    PastJobRow,
  );
}
