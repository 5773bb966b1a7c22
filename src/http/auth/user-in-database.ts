import type { Context } from 'hono';
import { userByName } from '../../db/statements/user-by-name.ts';
import type { User } from '../../jobs/roles.ts';
import type { AppEnv } from '../env.ts';

/** An account as it is now, with its roles and projects; undefined where there is none of that name. For JWT_VALIDATE_USER. */
export async function userInDatabase(c: Context<AppEnv>, username: string): Promise<User | undefined> {
  const [row] = await c.var.db.read(userByName(username), c.var.deadline);
  return row === undefined ? undefined : { name: row.username, roles: new Set(row.roles), projects: row.projects };
}
