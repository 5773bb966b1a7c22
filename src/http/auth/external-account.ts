import type { Context } from 'hono';
import { userByName } from '../../db/statements/user-by-name.ts';
import type { AccountSource, SyncedAccount } from '../../db/writes/accounts.ts';
import { isUsername, USERNAME_RULE } from '../../jobs/account.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { hasProjects, type User } from '../../jobs/roles.ts';
import type { AppEnv } from '../service.ts';
import { LoginFailure } from './external-login-failures.ts';

/** A user whom another system has identified. */
export interface ExternalUser extends Omit<SyncedAccount, 'source'> {
  roles: readonly string[];
  projects: readonly string[];
}

export interface SyncRules {
  source: AccountSource;
  /** Whether an account is created for a user who has none. */
  creates: boolean;
  /** Whether an account is changed to what the other system says. */
  updates: boolean;
}

/** Throws LoginFailure if an account cannot have this name. `from` says where it was found. */
function checkUsername(username: string, from: string): void {
  if (isUsername(username)) return;
  throw new LoginFailure('user-name-invalid', `${from} must be ${USERNAME_RULE}`);
}

/** The projects that an account can have. Names that are too long, and too many of them, are left out. */
function storable(projects: readonly string[]): string[] {
  const fitting = projects.filter((project) => project !== '' && project.length <= BOUNDS.text.most);
  return [...new Set(fitting)].slice(0, BOUNDS.projectsOfAccount.most);
}

/** A user as an account can hold it. Only managers have projects. Throws LoginFailure. */
export function storableUser(user: ExternalUser, nameIsFrom: string): ExternalUser {
  checkUsername(user.username, nameIsFrom);
  const bounded = (value: string | undefined) => value?.toWellFormed().slice(0, BOUNDS.text.most);
  return {
    ...user,
    name: bounded(user.name),
    email: bounded(user.email),
    projects: user.roles.some(hasProjects) ? storable(user.projects) : [],
  };
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
