import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import type { Statement } from '../../db/statement.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { overJobs } from '../where/sqlite.ts';

export const CountRow = z.object({ count: z.int() });
type CountRow = z.output<typeof CountRow>;

/** One row with the number of jobs. */
export function countJobs(jobs: VisibleJobs): Statement<CountRow> {
  const counts = overJobs(jobs, (where) => sql`SELECT count(*) AS count FROM job WHERE ${where}`);
  return statementOf('count jobs', sql`SELECT sum(count) AS count FROM (${counts})`, CountRow);
}
