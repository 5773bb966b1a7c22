import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import { printedJson } from '../sql/stored-json.ts';
import { texts } from './user-by-name.ts';

/** The account of that name if it is local, not of a directory. `password` is its bcrypt hash, or null. */
export function localAccount(username: string) {
  return statementOf(
    'local account',
    sql`SELECT CAST(password AS TEXT) AS password, ${printedJson(sql.ref('roles'), 'array')} AS roles, ${printedJson(sql.ref('projects'), 'array')} AS projects FROM hpc_user WHERE username = ${username.toWellFormed()} AND ldap = 0 ORDER BY username LIMIT 1`,
    z.object({ password: z.string().nullable(), roles: texts, projects: texts }),
  );
}
