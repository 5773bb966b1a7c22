/** The directory: its users and their passwords, its TLS, and the connections to it. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/check-settings.ts';
import { openLdapDirectory } from '../../src/nodejs/ldap-directory.ts';
import { withLdap } from '../../src/nodejs/ldap-session.ts';
import type { Bindings } from '../../src/settings.ts';
import { SLAPD, startSlapd } from '../support/slapd.ts';
import {
  CERTIFICATE,
  DIRECTORY_SETTINGS,
  PEOPLE,
  SEARCHER,
  type TestDirectory,
  testDirectory,
} from '../support/test-directory.ts';

const settingsAt = (url: string, more: Partial<Bindings> = {}) =>
  readSettings({ AUTH: 'none', LDAP_URL: url, ...DIRECTORY_SETTINGS, ...more });

const never = new AbortController().signal;

/** The same for the server of the tests and for a real one. */
function describeDirectory(name: string, urls: () => readonly string[]): void {
  describe(name, () => {
    const [lea, , , odd] = PEOPLE as [Person, Person, Person, Person];

    test('knows the passwords of its users, over each kind of TLS', async () => {
      for (const url of urls()) {
        const directory = await openLdapDirectory(settingsAt(url));
        const accepts = (username: string, password: string) => directory.accepts({ username, password }, never);
        expect(await accepts('lea', lea.password), url).toBe(true);
        expect([await accepts('lea', 'wrong'), await accepts('nobody', lea.password)], url).toEqual([false, false]);
        expect([await accepts('lea', ''), await accepts('', lea.password)], url).toEqual([false, false]);
      }
    });

    test('takes no part of a name for a DN', async () => {
      const directory = await openLdapDirectory(settingsAt(urls()[0] ?? ''));
      expect(await directory.accepts({ username: odd.uid, password: odd.password }, never)).toBe(true);
      for (const username of [
        'lea,ou=people',
        'lea+uid=lea',
        'lea,ou=people,dc=example,',
        '*',
        'lea\\',
        '#lea',
        'lea\0',
      ]) {
        expect(await directory.accepts({ username, password: lea.password }, never), username).toBe(false);
      }
    });

    test('finds users by their exact names, of which no part is a filter', async () => {
      const directory = await openLdapDirectory(settingsAt(urls()[0] ?? ''));
      expect(await directory.find('lea', never)).toEqual({ username: 'lea', name: 'Lea L.' });
      expect(await directory.find(odd.uid, never)).toEqual({ username: odd.uid, name: 'Odd' });
      for (const username of [
        'nobody',
        'Lea',
        'lea ',
        '*',
        'l*',
        'lea)(uid=*',
        '*)(objectClass=*',
        'lea\\2a',
        '\0',
        '',
      ]) {
        expect(await directory.find(username, never), username).toBeUndefined();
      }
    });

    test('lists its users', async () => {
      const directory = await openLdapDirectory(settingsAt(urls()[0] ?? ''));
      const users = await directory.users();
      expect(users.toSorted((a, b) => (a.username < b.username ? -1 : 1))).toEqual(
        PEOPLE.map(({ uid, name: full }) => ({ username: uid, name: full })).toSorted((a, b) =>
          a.username < b.username ? -1 : 1,
        ),
      );
    });

    test('must have a certificate that is known', async () => {
      for (const url of urls()) {
        const unknown = await openLdapDirectory(settingsAt(url, { LDAP_CA_FILE: undefined }));
        await expect(unknown.find('lea', never), url).rejects.toMatchObject({
          kind: 'directory-insecure',
          detail: expect.stringMatching(/^TLS: (DEPTH_ZERO_)?SELF_SIGNED_CERT/),
        });
      }
    });

    test('refuses a searcher with a wrong password', async () => {
      const directory = await openLdapDirectory(settingsAt(urls()[0] ?? '', { LDAP_ADMIN_PASSWORD: 'wrong' }));
      const refused = { kind: 'directory-refuses-service', detail: 'bind of LDAP_SEARCH_DN: result code 49' };
      await expect(directory.find('lea', never)).rejects.toMatchObject(refused);
      await expect(directory.users()).rejects.toMatchObject({
        code: 'login_unavailable',
        message: `${refused.kind}: ${refused.detail}`,
      });
    });
  });
}

type Person = (typeof PEOPLE)[number];

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(() => directory.close());
beforeEach(() => {
  directory.hook = undefined;
  directory.asked = [];
  directory.people = [...PEOPLE];
});

describeDirectory('a directory', () => [directory.url]);

describe.skipIf(SLAPD === undefined)('OpenLDAP', () => {
  let slapd: Awaited<ReturnType<typeof startSlapd>>;
  beforeAll(async () => {
    slapd = await startSlapd(SLAPD ?? '');
  });
  afterAll(() => slapd?.close());

  describeDirectory('slapd', () => [slapd.url, slapd.secureUrl]);

  test('requires TLS, and says so', async () => {
    const plain = await openLdapDirectory(settingsAt(slapd.url, { LDAP_TLS: 'off' }));
    await expect(plain.accepts({ username: 'lea', password: 'x' }, never)).rejects.toMatchObject({
      kind: 'directory-insecure',
      detail: 'bind of the user: result code 13',
    });
  });
});

const LIMITS = { limitMs: 150_000, mostBytes: 1_000_000 };
const turn = () => new Promise(setImmediate);

test('a session sends no password on a second connection, which would be without TLS', async () => {
  const attempt = Promise.withResolvers<Promise<boolean>>();
  const server = { url: new URL(directory.url), startTls: false, ca: undefined };
  const ended = withLdap(server, LIMITS, async (session) => {
    await session.bindToSearch(SEARCHER.dn, SEARCHER.password);
    directory.asked = [];
    directory.hangUp();
    while (session.client.isConnected) await turn();
    for (let turns = 0; turns < 3; turns += 1) await turn(); // the session has ended by then
    const bind = session.bindAsUser('uid=ldap,ou=people,dc=example', 'password of ldap');
    bind.catch(() => {});
    attempt.resolve(bind);
    return await bind;
  });
  await expect(ended).rejects.toMatchObject({ kind: 'directory-unreachable' });
  await expect(attempt.promise.then((bind) => bind)).rejects.toMatchObject({ kind: 'directory-unreachable' });
  expect(directory.asked).toEqual([]);
});

test('a session ends at once when its connection does, also after StartTLS', async () => {
  const server = { url: new URL(directory.url), startTls: true, ca: readFileSync(CERTIFICATE, 'utf8') };
  const ended = withLdap(server, LIMITS, async (session) => {
    await session.bindToSearch(SEARCHER.dn, SEARCHER.password);
    directory.hangUp();
    await new Promise(() => {}); // only the end of the connection ends this
  });
  await expect(ended).rejects.toMatchObject({
    kind: 'directory-unreachable',
    detail: 'search: the connection was closed',
  });
});

test('a start names a CA file that cannot be used, and a filter that is none', async () => {
  const problem = (more: Partial<Bindings>) =>
    openLdapDirectory(settingsAt('ldaps://localhost', more)).then(
      () => undefined,
      (error: Error) => error.message,
    );
  expect(await problem({ LDAP_CA_FILE: '/nowhere.pem' })).toContain('LDAP_CA_FILE cannot be read');
  expect(await problem({ LDAP_CA_FILE: import.meta.filename })).toContain('LDAP_CA_FILE is not a PEM file');
  expect(await problem({ LDAP_USER_FILTER: '(&(a=b)' })).toContain('LDAP_USER_FILTER must be a filter');
  expect(await problem({ LDAP_CA_FILE: CERTIFICATE })).toBeUndefined();
});
