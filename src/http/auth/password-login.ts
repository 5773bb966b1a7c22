import type { Context } from 'hono';
import { gateOf } from '../../concurrency-gate.ts';
import { accountToLogIn } from '../../db/statements/login-accounts.ts';
import { ACCOUNT_SOURCES, accountOfDirectory } from '../../db/writes/accounts.ts';
import { Fault } from '../../faults.ts';
import { isUsername } from '../../jobs/account.ts';
import type { User } from '../../jobs/roles.ts';
import { type Directory, NEW_ACCOUNT_RIGHTS } from '../../login-directory.ts';
import { nowSec } from '../request-values.ts';
import type { AppEnv, Service } from '../service.ts';
import { addressForLimits } from './client-address.ts';
import { Passwords } from './compare-passwords.ts';
import { LoginFailure } from './external-login-failures.ts';
import { LoginLimit, OF_PAIR } from './login-limit.ts';

const REFUSED = 'Wrong user name or password.';
const TOO_OFTEN = `Too many failed attempts. Try again in ${OF_PAIR.refillSec / 60} minutes.`;

/** Logins at the directory at the same time, and waiting. */
const AT_ONCE = 16;
const OF_ONE_CALLER = { amongOthers: 4, alone: 8 };
const WAITING = 64;
const OF_ONE_CALLER_WAITING = 16;

interface Entered {
  username: string;
  password: string;
}

/** A user, and whether the session depends on the account (contract/auth.md §8). */
export interface LoggedIn {
  user: User;
  hasAccount?: boolean;
}

/** Logins by password: of accounts with a password here, and of users of the directory. One per service. */
export class PasswordLogins {
  readonly #limit = new LoginLimit();
  readonly #passwords: Passwords;
  readonly #gate = gateOf({
    mostAtOnce: AT_ONCE + WAITING,
    callerLimit: OF_ONE_CALLER_WAITING,
    width: AT_ONCE,
    ofOneCaller: OF_ONE_CALLER,
  });

  constructor({ comparePassword }: Pick<Service, 'comparePassword'>) {
    this.#passwords = new Passwords(comparePassword);
  }

  /**
   * Checks a password. Throws `unauthorized` or LoginFailure. The limit counts only failures and attempts that the client
   * abandoned.
   */
  async logIn(c: Context<AppEnv>, entered: Entered): Promise<LoggedIn> {
    const { username } = entered;
    const address = addressForLimits(c);
    if (!this.#limit.take(address, username, nowSec(c))) throw new Fault('unauthorized', TOO_OFTEN);
    try {
      const user = await this.#check(c, entered, address);
      if (user === undefined) throw new Fault('unauthorized', REFUSED);
      this.#limit.giveBack(address, username, nowSec(c));
      return user;
    } catch (error) {
      const isOurs = error instanceof Fault ? error.status >= 500 : isUnavailable(error);
      if (isOurs) this.#limit.giveBack(address, username, nowSec(c));
      throw error;
    }
  }

  /** The account decides which system checks the password (contract/auth.md §7). */
  async #check(c: Context<AppEnv>, entered: Entered, address: string): Promise<LoggedIn | undefined> {
    const { username, password } = entered;
    const deadline = c.get('deadline');
    const [account] = username === '' ? [] : await c.get('db').read(accountToLogIn(username), deadline);
    const { directory, settings } = c.get('service');
    if (directory !== undefined && isUsername(username) && password !== '') {
      if (account?.source === ACCOUNT_SOURCES.ldap || (account === undefined && settings.LDAP_SYNC_USER)) {
        return await this.#gate.pass(deadline, () => askDirectory(c, directory, entered, account));
      }
    }
    const isLocal = account?.source === 0;
    const hash = isLocal ? account.password : null;
    const matches = await this.#passwords.match({ password, hash, address }, deadline);
    if (!isLocal || !matches) return undefined;
    return { user: { name: username, roles: new Set(account.roles), projects: account.projects } };
  }
}

interface Rights {
  readonly roles: readonly string[];
  readonly projects: readonly string[];
}

/** A user without an account gets one, after the directory has accepted the password. */
async function askDirectory(
  c: Context<AppEnv>,
  directory: Directory,
  entered: Entered,
  account: Rights | undefined,
): Promise<LoggedIn | undefined> {
  const { username } = entered;
  const deadline = c.get('deadline');
  const { LDAP_UPDATE_USER } = c.get('service').settings;
  const found = account === undefined ? await directory.find(username, deadline.signal) : undefined;
  if (account === undefined && found === undefined) return undefined;
  if (!(await directory.accepts(entered, deadline.signal))) return undefined;
  const described = found ?? (LDAP_UPDATE_USER ? await directory.find(username, deadline.signal) : undefined);
  if (described !== undefined) {
    const changes = { creates: account === undefined, updates: account !== undefined };
    await c.get('db').write('syncAccount', { account: accountOfDirectory(described), ...changes }, deadline);
  }
  const { roles, projects } = account ?? NEW_ACCOUNT_RIGHTS;
  return { user: { name: username, roles: new Set(roles), projects }, hasAccount: true };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof LoginFailure && error.isUnavailable;
}
