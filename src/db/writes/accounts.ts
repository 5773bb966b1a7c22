import { Fault } from '../../faults.ts';
import { type AccountChange, changedAccount } from '../../jobs/account.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { type DirectoryUser, NEW_ACCOUNT_RIGHTS } from '../../login-directory.ts';
import type { Transaction } from '../driver/transaction.ts';
import { plainRows } from '../statement.ts';

interface Stored {
  roles: string;
  projects: string;
}

/** The strings of a stored JSON list. Empty if the text is not a JSON list. */
function textsIn(json: string): string[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

/** Changes the roles or projects of an account. Throws `conflict` for an impossible change (contract/rest.md §9). */
export async function changeAccount(
  tx: Transaction,
  { username, change }: { username: string; change: AccountChange },
): Promise<Record<string, never>> {
  const [account] = await tx.read(
    plainRows<Stored>(
      'rights',
      ['roles', 'projects'],
      'SELECT CAST(roles AS TEXT) AS roles, CAST(projects AS TEXT) AS projects FROM hpc_user WHERE username = ? LIMIT 1',
      [username],
    ),
  );
  if (account === undefined) throw new Fault('conflict', `no such user: ${JSON.stringify(username.slice(0, 100))}`);
  const { roles, projects } = changedAccount(
    { roles: textsIn(account.roles), projects: textsIn(account.projects) },
    change,
  );
  await tx.run('UPDATE hpc_user SET roles = ?, projects = ? WHERE username = ?', [
    JSON.stringify(roles),
    JSON.stringify(projects),
    username,
  ]);
  return {};
}

export interface NewAccount {
  username: string;
  /** A bcrypt hash. Null: no local login. */
  password: string | null;
  name: string;
  email: string;
  roles: readonly string[];
  projects: readonly string[];
}

/** Creates an account. Throws `conflict` if the name is taken. */
export async function addAccount(tx: Transaction, account: NewAccount): Promise<Record<string, never>> {
  const { username, password, name, email, roles, projects } = account;
  const added = await tx.run(
    `INSERT OR IGNORE INTO hpc_user (username, password, ldap, name, roles, email, projects) VALUES (?, ?, 0, ?, ?, ?, ?)`,
    [username, password, name, JSON.stringify(roles), email, JSON.stringify(projects)],
  );
  if (added === 0) throw new Fault('conflict', `the user ${JSON.stringify(username)} already exists`);
  return {};
}

/** The fields that `user change` can set. Undefined fields are not changed. */
export type AccountEdit = Partial<Omit<NewAccount, 'username'>>;

/** Changes an account. Throws `conflict` if it does not exist. */
export async function editAccount(
  tx: Transaction,
  { username, edit }: { username: string; edit: AccountEdit },
): Promise<Record<string, never>> {
  const { password, name, email, roles, projects } = edit;
  const kept = (value: string | null | undefined) => (value === undefined ? [0, null] : [1, value]);
  const changed = await tx.run(
    `UPDATE hpc_user SET password = iif(?1, ?2, password), name = iif(?3, ?4, name), email = iif(?5, ?6, email),
       roles = iif(?7, ?8, roles), projects = iif(?9, ?10, projects) WHERE username = ?11`,
    [
      ...kept(password),
      ...kept(name),
      ...kept(email),
      ...kept(roles === undefined ? undefined : JSON.stringify(roles)),
      ...kept(projects === undefined ? undefined : JSON.stringify(projects)),
      username,
    ],
  );
  if (changed === 0) throw new Fault('conflict', `no such user: ${JSON.stringify(username)}`);
  return {};
}

/** The systems that know users, as numbers of the column `ldap`. An account with a password here has 0. */
export const ACCOUNT_SOURCES = { ldap: 1, token: 2, oidc: 3 } as const;
export type AccountSource = keyof typeof ACCOUNT_SOURCES;

/**
 * A user whom another system has described. Undefined fields are not known there, and not changed. A new account without
 * roles and projects has NEW_ACCOUNT_RIGHTS.
 */
export interface SyncedAccount {
  username: string;
  source: AccountSource;
  name: string | undefined;
  email: string | undefined;
  roles: readonly string[] | undefined;
  projects: readonly string[] | undefined;
}

/** What a directory says about a user: the full name. It knows no rights. */
export function accountOfDirectory({ username, name }: DirectoryUser): SyncedAccount {
  const fullName = name === '' ? undefined : name.toWellFormed().slice(0, BOUNDS.text.most);
  return { username, source: 'ldap', name: fullName, email: undefined, roles: undefined, projects: undefined };
}

/** Creates the account of a user of another system, or changes it, as allowed. Its source and password stay. */
export async function syncAccount(
  tx: Transaction,
  { account, creates, updates }: { account: SyncedAccount; creates: boolean; updates: boolean },
): Promise<{ changed: number }> {
  const { username, source, name, email } = account;
  const { roles: newRoles, projects: newProjects } = NEW_ACCOUNT_RIGHTS;
  const [roles = null, projects = null] = [account.roles, account.projects].map((list) => list && JSON.stringify(list));
  const added = creates
    ? await tx.run(
        `INSERT OR IGNORE INTO hpc_user (username, password, ldap, name, roles, email, projects) VALUES (?, NULL, ?, ?, ?, ?, ?)`,
        [
          username,
          ACCOUNT_SOURCES[source],
          name ?? '',
          roles ?? JSON.stringify(newRoles),
          email ?? '',
          projects ?? JSON.stringify(newProjects),
        ],
      )
    : 0;
  if (added > 0 || !updates) return { changed: added };
  const changed = await tx.run(
    `UPDATE hpc_user SET name = ifnull(?, name), email = ifnull(?, email), roles = ifnull(?, roles),
       projects = ifnull(?, projects) WHERE username = ?`,
    [name ?? null, email ?? null, roles, projects, username],
  );
  return { changed };
}

/** Deletes an account and its settings. Its jobs and tags remain. */
export async function deleteAccount(tx: Transaction, { username }: { username: string }): Promise<{ deleted: number }> {
  return { deleted: await tx.run('DELETE FROM hpc_user WHERE username = ?', [username]) };
}
