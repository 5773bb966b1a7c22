import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';

/** When each piece of timed work last began and ended (Unix seconds) in any service on this file, and its result. */
export function timedWork() {
  return statementOf(
    'timed work',
    sql`SELECT name, began_at AS beganAt, ended_at AS endedAt, result FROM ccjobs_timed_work ORDER BY name`,
    z.object({
      name: z.string(),
      beganAt: z.int(),
      endedAt: z.int().nullable(),
      result: z
        .string()
        .nullable()
        .transform((text): unknown => (text === null ? null : JSON.parse(text))),
    }),
  );
}
