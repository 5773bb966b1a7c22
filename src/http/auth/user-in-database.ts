import type { Context } from 'hono';
import { userByName } from '../../db/statements/user-by-name.ts';
import type { User } from '../../jobs/roles.ts';
import type { AppEnv } from '../service.ts';

/** An account with its current roles and projects, for JWT_VALIDATE_USER. Undefined if it does not exist. */
export async function userInDatabase(c: Context<AppEnv>, username: string): Promise<User | undefined> {
  const [row] = await c.get('db').read(userByName(username), c.get('deadline'));
  return row === undefined ? undefined : { name: row.username, roles: new Set(row.roles), projects: row.projects };
}
