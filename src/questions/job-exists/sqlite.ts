import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../where/sqlite.ts';

/** One row if a job matches, otherwise none. */
export function anyJob(jobs: VisibleJobs) {
  return statementOf(
    'any job',
    sql`SELECT 1 AS found FROM job WHERE ${whereJob(jobs)} LIMIT 1`,
    z.object({ found: z.literal(1) }),
  );
}
