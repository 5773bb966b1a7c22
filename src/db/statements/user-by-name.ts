import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import { printedJson } from '../sql/stored-json.ts';

/** A list of strings as stored JSON. Other values are left out. */
export const texts = z
  .string()
  .transform((json): unknown => JSON.parse(json))
  .pipe(z.array(z.unknown()).nullable())
  .transform((list) => (list ?? []).filter((item) => typeof item === 'string'));

/** The account of that name, or no row. Roles and projects may be BLOB, TEXT, `null` or invalid (then empty). */
export function userByName(username: string) {
  return statementOf(
    'user by name',
    sql`SELECT ${username.toWellFormed()} AS username, CAST(ifnull(name, '') AS TEXT) AS name, CAST(ifnull(email, '') AS TEXT) AS email, ${printedJson(sql.ref('roles'), 'array')} AS roles, ${printedJson(sql.ref('projects'), 'array')} AS projects FROM hpc_user WHERE username = ${username.toWellFormed()} ORDER BY username LIMIT 1`,
    z.object({ username: z.string(), name: z.string(), email: z.string(), roles: texts, projects: texts }),
  );
}

/** The name and address of a user, or no row without an account. */
export function accountOf(username: string) {
  return statementOf(
    'account',
    sql`SELECT CAST(username AS TEXT) AS username, CAST(ifnull(name, '') AS TEXT) AS name, CAST(ifnull(email, '') AS TEXT) AS email FROM hpc_user WHERE username = ${username.toWellFormed()}`,
    z.object({ username: z.string(), name: z.string(), email: z.string() }),
  );
}
