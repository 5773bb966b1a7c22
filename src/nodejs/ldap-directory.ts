/** Imported only with LDAP_URL. */
import { readFile } from 'node:fs/promises';
import { AndFilter, type Entry, EqualityFilter, type Filter, FilterParser } from 'ldapts';
import { LastContact } from '../contact-with-other-system.ts';
import { Fault } from '../faults.ts';
import { LoginFailure, whyUnavailable } from '../http/auth/external-login-failures.ts';
import type { Directory, DirectoryUser } from '../login-directory.ts';
import type { SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { DirectoryStatus } from '../system-state-types.ts';
import { type LdapServer, type LdapSession, type SessionLimits, withLdap } from './ldap-session.ts';

/** Time for a login at the directory. A request never waits for it longer than half of its time limit. */
const LOGIN_MS = 5_000;
const LOGIN_BYTES = 256 * 1024;
/** Limits of a list of all users. 100,000 entries of 200 bytes have 20 MB. */
const LIST_MS = 60_000;
const LIST_BYTES = 64 * 1024 * 1024;
const MOST_USERS = 100_000;
const PAGE = 500;

type LdapSettings = Pick<SettingValues, Extract<keyof SettingValues, `LDAP_${string}`> | 'REQUEST_TIMEOUT_MS'>;

/**
 * The directory of LDAP_URL. It is not asked at the start. `contact` is that of an earlier object for the same server.
 * Throws StartupError.
 */
export async function openLdapDirectory(settings: LdapSettings, contact = new LastContact()): Promise<LdapDirectory> {
  const { LDAP_URL = '', LDAP_TLS, LDAP_CA_FILE } = settings;
  const url = new URL(LDAP_URL);
  const server: LdapServer = {
    url,
    startTls: url.protocol === 'ldap:' && LDAP_TLS,
    ca: LDAP_CA_FILE === undefined ? undefined : await readCa(LDAP_CA_FILE),
  };
  return new LdapDirectory(server, settings, parsed(settings.LDAP_USER_FILTER), contact);
}

async function readCa(path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (cause) {
    throw new StartupError(`LDAP_CA_FILE cannot be read: ${path}`, { cause });
  }
  throw new StartupError(`LDAP_CA_FILE is not a PEM file of certificates: ${path}`);
}

function parsed(filter: string): Filter {
  try {
    // The library accepts a missing parenthesis at the end. A parenthesis within a value is written \28 or \29.
    const count = (parenthesis: string) => filter.split(parenthesis).length;
    if (count('(') === count(')')) return FilterParser.parseString(filter);
  } catch {
    // The message of the library is for programmers.
  }
  throw new StartupError('LDAP_USER_FILTER must be a filter such as (objectClass=posixAccount)');
}

export class LdapDirectory implements Directory {
  /** It goes on after a reload. */
  readonly contact: LastContact;
  readonly #server: LdapServer;
  readonly #settings: LdapSettings;
  readonly #userFilter: Filter;

  constructor(server: LdapServer, settings: LdapSettings, userFilter: Filter, contact: LastContact) {
    this.contact = contact;
    this.#server = server;
    this.#settings = settings;
    this.#userFilter = userFilter;
  }

  async accepts({ username, password }: { username: string; password: string }, signal: AbortSignal): Promise<boolean> {
    // A bind without a password is anonymous: the directory accepts it for any user.
    if (password === '' || username === '') return false;
    const dn = (this.#settings.LDAP_USER_BIND ?? '').replaceAll('{username}', () => escapedForDn(username));
    return await this.#login(signal, (session) => session.bindAsUser(dn, password));
  }

  async find(username: string, signal: AbortSignal): Promise<DirectoryUser | undefined> {
    const { LDAP_UID_ATTR, LDAP_USER_BASE = '' } = this.#settings;
    const filter = new AndFilter({
      filters: [this.#userFilter, new EqualityFilter({ attribute: LDAP_UID_ATTR, value: username })],
    });
    const entries = await this.#login(signal, async (session) => {
      await this.#bindToSearch(session);
      const found = await session.client.search(LDAP_USER_BASE, { ...this.#attributes(), filter, sizeLimit: 2 });
      return found.searchEntries;
    });
    const [entry] = entries;
    // A directory compares names without case and spaces. Here `Ada` and `ada` are two users.
    if (entry === undefined || entries.length > 1 || !textsIn(entry, LDAP_UID_ATTR).includes(username))
      return undefined;
    return { username, name: this.#nameIn(entry) };
  }

  async users(): Promise<DirectoryUser[]> {
    try {
      return await this.#list();
    } catch (error) {
      if (error instanceof LoginFailure) throw new Fault('login_unavailable', error.message, { cause: error });
      throw error;
    }
  }

  async #list(): Promise<DirectoryUser[]> {
    const { LDAP_UID_ATTR, LDAP_USER_BASE = '' } = this.#settings;
    return await this.#ask({ limitMs: LIST_MS, mostBytes: LIST_BYTES }, async (session) => {
      await this.#bindToSearch(session);
      const users: DirectoryUser[] = [];
      const options = { ...this.#attributes(), filter: this.#userFilter, paged: { pageSize: PAGE } };
      for await (const { searchEntries } of session.client.searchPaginated(LDAP_USER_BASE, options)) {
        for (const entry of searchEntries) {
          const [username = ''] = textsIn(entry, LDAP_UID_ATTR);
          if (username !== '') users.push({ username, name: this.#nameIn(entry) });
        }
        if (users.length > MOST_USERS) throw new LoginFailure('directory-invalid', `more than ${MOST_USERS} users`);
      }
      return users;
    });
  }

  async #login<Result>(signal: AbortSignal, work: (session: LdapSession) => Promise<Result>): Promise<Result> {
    const limitMs = Math.min(LOGIN_MS, this.#settings.REQUEST_TIMEOUT_MS / 2);
    return await this.#ask({ limitMs, mostBytes: LOGIN_BYTES, signal }, work);
  }

  async #ask<Result>(limits: SessionLimits, work: (session: LdapSession) => Promise<Result>): Promise<Result> {
    return await this.contact.note(() => withLdap(this.#server, limits, work), whyUnavailable);
  }

  status(): DirectoryStatus {
    const { url, startTls } = this.#server;
    const encryption = url.protocol === 'ldaps:' ? 'TLS' : startTls ? 'StartTLS' : 'none';
    return { server: url.host, encryption, contact: this.contact.status() };
  }

  async #bindToSearch(session: LdapSession): Promise<void> {
    const { LDAP_SEARCH_DN = '', LDAP_ADMIN_PASSWORD = '' } = this.#settings;
    await session.bindToSearch(LDAP_SEARCH_DN, LDAP_ADMIN_PASSWORD);
  }

  #attributes() {
    return { scope: 'sub' as const, attributes: [this.#settings.LDAP_UID_ATTR, this.#settings.LDAP_USERNAME_ATTR] };
  }

  #nameIn(entry: Entry): string {
    return textsIn(entry, this.#settings.LDAP_USERNAME_ATTR)[0] ?? '';
  }
}

/** The texts of an attribute. A directory may write its name in another case. */
function textsIn(entry: Entry, attribute: string): string[] {
  const [, value] = Object.entries(entry).find(([name]) => name.toLowerCase() === attribute.toLowerCase()) ?? [];
  return [value].flat().filter((item) => typeof item === 'string');
}

/** Escapes a value for a DN (RFC 4514): all bytes but letters, digits and some harmless characters, in hexadecimal. */
export function escapedForDn(value: string): string {
  const byte = (code: number) => {
    const character = String.fromCharCode(code);
    return /[A-Za-z0-9._-]/.test(character) ? character : `\\${code.toString(16).padStart(2, '0')}`;
  };
  return [...new TextEncoder().encode(value)].map(byte).join('');
}
