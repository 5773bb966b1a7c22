import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../where/sqlite.ts';

/** When a job was submitted, Unix seconds, 0 where nobody said it; no row for a job the caller may not see. No answer of the API has it. */
export function submitTime(jobs: VisibleJobs, id: bigint) {
  return statementOf(
    'submit time',
    sql`SELECT CAST(CAST(job.submit_time AS INTEGER) AS TEXT) AS submitTime FROM job WHERE job.id = ${id} AND ${whereJob(jobs)} ORDER BY job.id LIMIT 1`,
    z.object({ submitTime: exactWhole }),
  );
}
