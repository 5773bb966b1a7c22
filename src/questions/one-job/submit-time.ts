import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../where/sqlite.ts';

/** Submission time in Unix seconds, 0 if unknown. No row for a hidden job. The API does not return it. */
export function submitTime(jobs: VisibleJobs, id: bigint) {
  return statementOf(
    'submit time',
    sql`SELECT CAST(CAST(job.submit_time AS INTEGER) AS TEXT) AS submitTime FROM job WHERE job.id = ${id} AND ${whereJob(jobs)} ORDER BY job.id LIMIT 1`,
    z.object({ submitTime: exactWhole }),
  );
}
