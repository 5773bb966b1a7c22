import type { User } from '../jobs/roles.ts';
import { mayReadAccount } from '../jobs/visibility.ts';

/** The name and address of a user. */
export interface Account {
  readonly username: string;
  readonly name: string;
  readonly email: string;
}

/** The accounts that one request shows. */
export class Accounts {
  readonly #caller: User;
  readonly #read: (names: readonly string[]) => Promise<Account[]>;
  /** For each name, how it is read. */
  readonly #groups = new Map<string, () => Promise<void>>();
  readonly #known = new Map<string, Account | null>();

  constructor(caller: User, read: (names: readonly string[]) => Promise<Account[]>) {
    this.#caller = caller;
    this.#read = read;
  }

  /** Notes users whose accounts may be asked for, such as those of a page of jobs. One statement then reads them all. */
  expect(usernames: readonly string[]): void {
    const names = [...new Set(usernames)].filter(
      (name) => !this.#groups.has(name) && mayReadAccount(this.#caller, name),
    );
    let reading: Promise<void> | undefined;
    const group = () => {
      reading ??= this.#read(names).then((found) => {
        for (const name of names) this.#known.set(name, null);
        for (const account of found) this.#known.set(account.username, account);
      });
      return reading;
    };
    for (const name of names) this.#groups.set(name, group);
  }

  /** Reads accounts, so that `of` need not wait for each. */
  async read(usernames: readonly string[]): Promise<void> {
    this.expect(usernames);
    await Promise.all(new Set(usernames.map((name) => this.#groups.get(name)?.())));
  }

  /** Returns null for a user without an account, and for one that the caller may not read. */
  of(username: string): Account | null | Promise<Account | null> {
    return this.#known.get(username) ?? (this.#known.has(username) ? null : this.#later(username));
  }

  async #later(username: string): Promise<Account | null> {
    await this.read([username]);
    return this.#known.get(username) ?? null;
  }
}
