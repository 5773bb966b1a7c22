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

/** The names and addresses of these users, in any order. Users without an account have no row. */
export function accountsOf(usernames: readonly string[]) {
  const wanted = JSON.stringify([...new Set(usernames.map((username) => username.toWellFormed()))]);
  return statementOf(
    'accounts',
    sql`SELECT CAST(username AS TEXT) AS username, CAST(ifnull(name, '') AS TEXT) AS name, CAST(ifnull(email, '') AS TEXT) AS email FROM json_each(${wanted}) AS wanted CROSS JOIN hpc_user ON hpc_user.username = wanted.value`,
    z.object({ username: z.string(), name: z.string(), email: z.string() }),
  );
}
