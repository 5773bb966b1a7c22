/** A user as a directory describes them. */
export interface DirectoryUser {
  readonly username: string;
  /** The full name, or empty. */
  readonly name: string;
}

/**
 * A directory (LDAP) that knows users and their passwords. All calls end within some seconds, and throw LoginFailure if
 * the directory does not answer as it should, or the reason of the signal.
 */
export interface Directory {
  /** Returns true if the password is that of the user. */
  accepts(user: { username: string; password: string }, signal: AbortSignal): Promise<boolean>;
  /** The user of exactly this name. Undefined if there is none, or more than one entry. */
  find(username: string, signal: AbortSignal): Promise<DirectoryUser | undefined>;
  /** All users. It may take a minute. */
  users(): Promise<DirectoryUser[]>;
}
