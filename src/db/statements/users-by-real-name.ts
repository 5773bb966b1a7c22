import { sql } from 'kysely';
import { z } from 'zod';
import { textMatches } from '../sql/conditions.ts';
import { statementOf } from '../sql/sql-rows.ts';

/** Their names have to fit into an address. */
const MOST_USERS = 50;

/** The accounts whose real name contains a text, in the order of their names. */
export function usersByRealName(text: string) {
  return statementOf(
    'users by real name',
    sql`SELECT CAST(username AS TEXT) AS username, CAST(name AS TEXT) AS name FROM hpc_user WHERE ${textMatches(sql`CAST(name AS TEXT)`, 'contains', [text])} ORDER BY username LIMIT ${MOST_USERS}`,
    z.object({ username: z.string(), name: z.string() }),
  );
}
