import { sql } from 'kysely';
import { z } from 'zod';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../filters.ts';
import { statementOf } from '../sql-rows.ts';

/** One row: how many jobs there are. */
export function countJobs(jobs: VisibleJobs) {
  return statementOf(
    'count jobs',
    sql`SELECT count(*) AS count FROM job WHERE ${whereJob(jobs)}`,
    z.object({ count: z.int() }),
  );
}
