import type { Database } from '../db/port.ts';
import { namesOfDirectory } from '../db/statements/login-accounts.ts';
import { accountOfDirectory } from '../db/writes/accounts.ts';
import type { Deadline } from '../deadline.ts';
import { isUsername } from '../jobs/account.ts';
import type { Directory } from '../login-directory.ts';

/** The name in the record of timed work. */
export const SYNC_DIRECTORY = 'syncDirectory';

interface Sync {
  db: Database;
  directory: Directory;
  /** Whether accounts that the directory does not have any more are deleted. */
  deletes: boolean;
  /** Runs one small transaction within a time limit. */
  step<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result>;
}

/**
 * Creates an account for each user of the directory who has none, with NEW_ACCOUNT_RIGHTS (login-directory.ts). Deletes
 * the accounts of the directory that are no longer in it. Accounts of other sources are left alone. A directory without
 * any user is taken for a mistake, and nothing is deleted. Throws what the directory or the database throws: then some
 * accounts may be missing.
 */
export async function syncDirectory({ db, directory, deletes, step }: Sync): Promise<Record<string, number>> {
  const users = await directory.users();
  const stored = new Set((await step((own) => db.read(namesOfDirectory(), own))).map(({ username }) => username));
  const known = new Set(users.map(({ username }) => username));
  let created = 0;
  for (const user of users) {
    if (stored.has(user.username) || !isUsername(user.username)) continue;
    const account = accountOfDirectory(user);
    created += (await step((own) => db.write('syncAccount', { account, creates: true, updates: false }, own))).changed;
  }
  const gone = deletes && known.size > 0 ? [...stored].filter((username) => !known.has(username)) : [];
  let deleted = 0;
  for (const username of gone) {
    deleted += (await step((own) => db.write('deleteAccount', { username }, own))).deleted;
  }
  return { users: known.size, created, deleted };
}
