import { sql } from 'kysely';
import { z } from 'zod';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../filters.ts';
import { statementOf } from '../sql-rows.ts';

const Row = z.object({ count: z.int() });

/** One row: how many jobs there are. */
export function countJobs(jobs: VisibleJobs) {
  const query = sql`SELECT count(*) AS count FROM job WHERE ${whereJob(jobs)}`;
  return { ...statementOf('count jobs', query, Row), question: { kind: 'count', jobs } } as const;
}
