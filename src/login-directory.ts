import type { DirectoryStatus } from './system-state-types.ts';

/** A user as a directory describes them. */
export interface DirectoryUser {
  readonly username: string;
  /** The full name, or empty. */
  readonly name: string;
}

/** The rights of a new account of a user of a directory, which gives none itself. Existing accounts keep theirs. */
export const NEW_ACCOUNT_RIGHTS = { roles: ['user'], projects: [] } as const;

/** A directory (LDAP) that knows users and their passwords. */
export interface Directory {
  /** Returns true if the password is that of the user. Throws LoginFailure, or the reason of the signal, in seconds. */
  accepts(user: { username: string; password: string }, signal: AbortSignal): Promise<boolean>;
  /** The user of exactly this name. Undefined if there is none, or more than one entry. Throws as `accepts` does. */
  find(username: string, signal: AbortSignal): Promise<DirectoryUser | undefined>;
  /** All users. It may take a minute. Throws `login_unavailable`. */
  users(): Promise<DirectoryUser[]>;
  status(): DirectoryStatus;
}
