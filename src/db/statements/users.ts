import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import { printedJson } from '../sql/stored-json.ts';
import { texts } from './user-by-name.ts';

/** All accounts, in the order of their creation. */
export function users() {
  return statementOf(
    'users',
    sql`SELECT CAST(username AS TEXT) AS username, CAST(ifnull(name, '') AS TEXT) AS name, CAST(ifnull(email, '') AS TEXT) AS email, ${printedJson(sql.ref('roles'), 'array')} AS roles, ${printedJson(sql.ref('projects'), 'array')} AS projects FROM hpc_user ORDER BY rowid`,
    z.object({ username: z.string(), name: z.string(), email: z.string(), roles: texts, projects: texts }),
  );
}
