import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../where/sqlite.ts';

const Row = z.object({ count: z.int() });

/** One row: how many jobs there are. */
export function countJobs(jobs: VisibleJobs) {
  const query = sql`SELECT count(*) AS count FROM job WHERE ${whereJob(jobs)}`;
  return { ...statementOf('count jobs', query, Row), question: { kind: 'count', jobs } } as const;
}
