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
  readonly #groups = new Map<string, () => Promise<ReadonlyMap<string, Account>>>();

  constructor(caller: User, read: (names: readonly string[]) => Promise<Account[]>) {
    this.#caller = caller;
    this.#read = read;
  }

  /** Notes users whose accounts may be asked for, such as those of a page of jobs. One statement then reads them all. */
  expect(usernames: readonly string[]): void {
    const names = [...new Set(usernames)].filter(
      (name) => !this.#groups.has(name) && mayReadAccount(this.#caller, name),
    );
    let accounts: Promise<ReadonlyMap<string, Account>> | undefined;
    const group = () => {
      accounts ??= this.#read(names).then((found) => new Map(found.map((account) => [account.username, account])));
      return accounts;
    };
    for (const name of names) this.#groups.set(name, group);
  }

  /** Returns null for a user without an account, and for one that the caller may not read. */
  async of(username: string): Promise<Account | null> {
    this.expect([username]);
    return (await this.#groups.get(username)?.())?.get(username) ?? null;
  }
}
