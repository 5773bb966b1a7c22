import type { Context } from 'hono';
import { userByName } from '../../db/statements/user-by-name.ts';
import type { AccountSource, SyncedAccount } from '../../db/writes/accounts.ts';
import type { User } from '../../jobs/roles.ts';
import type { AppEnv } from '../env.ts';
import { LoginFailure } from './login-failures.ts';

/** A user whom another system has identified. */
export type ExternalUser = Omit<SyncedAccount, 'source'>;

export interface SyncRules {
  source: AccountSource;
  /** Whether an account is created for a user who has none. */
  creates: boolean;
  /** Whether an account is changed to what the other system says. */
  updates: boolean;
}

/**
 * Creates or changes the account of a user of another system, as the settings allow (contract/auth.md §8), and returns
 * the rights of the session: those of the account with JWT_VALIDATE_USER, otherwise those of the other system. Throws
 * LoginFailure if an account is required and missing.
 */
export async function admitExternal(
  c: Context<AppEnv>,
  external: ExternalUser,
  { source, creates, updates }: SyncRules,
): Promise<{ user: User; hasAccount: boolean }> {
  const { username, name, email, roles, projects } = external;
  const described: User = { name: username, roles: new Set(roles), projects };
  const [account] = await c.get('db').read(userByName(username), c.get('deadline'));
  const differs =
    account === undefined ||
    account.name !== (name ?? account.name) ||
    account.email !== (email ?? account.email) ||
    JSON.stringify([account.roles, account.projects]) !== JSON.stringify([roles, projects]);
  if (account === undefined ? creates : updates && differs) {
    await c.get('db').write('syncAccount', { account: { ...external, source }, creates, updates }, c.get('deadline'));
    return { user: described, hasAccount: true };
  }
  if (c.get('service').settings.JWT_VALIDATE_USER) {
    if (account === undefined) throw new LoginFailure('no-account', 'JWT_VALIDATE_USER requires an account');
    return { user: { name: username, roles: new Set(account.roles), projects: account.projects }, hasAccount: true };
  }
  return { user: described, hasAccount: account !== undefined };
}
