import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import { printedJson } from '../sql/stored-json.ts';
import { texts } from './user-by-name.ts';

/**
 * The account of that name, to check a password: `password` is its bcrypt hash, or null. `source` is 0 for an account
 * with a password here; other systems know the others (ACCOUNT_SOURCES).
 */
export function accountToLogIn(username: string) {
  return statementOf(
    'account to log in',
    sql`SELECT CAST(password AS TEXT) AS password, CAST(ldap AS INTEGER) AS source, ${printedJson(sql.ref('roles'), 'array')} AS roles, ${printedJson(sql.ref('projects'), 'array')} AS projects FROM hpc_user WHERE username = ${username.toWellFormed()} ORDER BY username LIMIT 1`,
    z.object({ password: z.string().nullable(), source: z.int(), roles: texts, projects: texts }),
  );
}

/** The names of the accounts that are of the directory, in the order of their names. */
export function namesOfDirectory() {
  return statementOf(
    'names of the directory',
    sql`SELECT CAST(username AS TEXT) AS username FROM hpc_user WHERE ldap = 1 ORDER BY username`,
    z.object({ username: z.string() }),
  );
}
