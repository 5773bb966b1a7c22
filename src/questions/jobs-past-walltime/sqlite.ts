import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column, whereJob } from '../where/sqlite.ts';

/**
 * Running jobs whose walltime ended before `endedSec`, the longest overdue first: at most `limit` of them, each with the
 * number of all.
 */
export function overdueJobs(jobs: VisibleJobs, { endedSec, limit }: { endedSec: number; limit: number }) {
  const end = sql`${column('start_time')} + ${column('walltime')}`;
  return statementOf(
    'overdue jobs',
    sql`SELECT CAST(job.id AS TEXT) AS id, count(*) OVER () AS count FROM job
      WHERE job.job_state = 'running' AND ${column('walltime')} > 0 AND ${end} < ${endedSec} AND ${whereJob(jobs)}
      ORDER BY ${end}, job.id LIMIT ${limit}`,
    z.object({ id: exactWhole, count: z.int() }),
  );
}
