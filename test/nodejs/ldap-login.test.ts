/** Logging in with a password of the directory, and the accounts of its users. */
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/check-settings.ts';
import { LOGIN_FAILURES, type LoginFailureKind } from '../../src/http/auth/external-login-failures.ts';
import type { Directory } from '../../src/login-directory.ts';
import { openLdapDirectory } from '../../src/nodejs/ldap-directory.ts';
import type { Bindings } from '../../src/settings.ts';
import type { SystemState } from '../../src/system-state-types.ts';
import { runTimedWork } from '../../src/timed/run-timed-work.ts';
import { TIMETABLE } from '../../src/timed/timetable.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { migrated, serve } from '../support/command-line.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { openSqlite } from '../support/sqlite.ts';
import { bodyOf, job, keys, NOW, type TestApp, testApp } from '../support/test-app.ts';
import {
  DIRECTORY_SETTINGS,
  entry,
  PEOPLE,
  resultOf,
  type TestDirectory,
  testDirectory,
} from '../support/test-directory.ts';

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

describe('logging in with a password of the directory', () => {
  let service: TestApp;
  afterEach(() => service.close());

  const open = async (settings: Partial<Bindings> = {}, url = directory.url) => {
    const given = { LDAP_URL: url, ...DIRECTORY_SETTINGS, ...settings };
    const opened: Directory = await openLdapDirectory(readSettings({ JWT_PUBLIC_KEY: keys.publicKey, ...given }));
    service = await testApp({
      sql: ACCOUNTS,
      jobs: [job(), job({ jobId: 2, user: 'lea' }), job({ jobId: 3, user: 'ldap' })],
      settings: given,
      service: () => ({ directory: opened }),
    });
  };
  const logIn = (username: string, password: string) => sendLogin(service, { username, password });
  const count = async (answer: Response) => {
    const headers = { Cookie: cookieOf(answer), 'X-Requested-With': 'cc-jobs' };
    const counted = await service.app.request('/api/jobs/count', { headers });
    return counted.status === 200 ? (await bodyOf<{ count: number }>(counted)).count : counted.status;
  };
  const accounts = () =>
    service.query(
      `SELECT username, name, ldap, CAST(roles AS TEXT) AS roles, password IS NULL AS hasNone FROM hpc_user ORDER BY username`,
    );
  /** What /api/system says of the directory. */
  const shown = async () => {
    const text = await (await service.get('/api/system', 'root', 'admin', 'api')).text();
    expect(text).not.toMatch(/password of|of the searcher/);
    return (JSON.parse(text) as SystemState).signOn?.ldap;
  };
  const failures = () =>
    service.lines
      .filter(({ message }) => message === 'login failed')
      .map(({ level, fields }) => ({ level, ...fields }));

  test('is for accounts of the directory, whose session ends with the account', async () => {
    await open();
    const answer = await logIn('ldap', 'password of ldap');
    expect([answer.status, await count(answer)]).toEqual([302, 1]);
    // The hash in the table does not count, and a wrong password is the usual answer.
    for (const password of [PASSWORD, 'wrong', '']) {
      const refused = await logIn('ldap', password);
      expect([refused.status, await refused.text()]).toEqual([
        401,
        expect.stringContaining('Wrong user name or password'),
      ]);
    }
    await service.write("DELETE FROM hpc_user WHERE username = 'ldap'");
    expect(await count(answer)).toBe(401);
    expect(JSON.stringify(service.lines)).not.toContain('password of');
  });

  test('is not for accounts with a password here, nor for users without an account', async () => {
    await open();
    expect((await logIn('ada', 'password of ada there')).status).toBe(401);
    expect((await logIn('lea', 'password of lea')).status).toBe(401);
    expect((await logIn('ada', PASSWORD)).status).toBe(302);
    expect(directory.asked).toEqual([]);
  });

  test('with LDAP_SYNC_USER creates the account of a new user, after the password was right', async () => {
    await open({ LDAP_SYNC_USER: 'on' });
    const before = await accounts();
    for (const [username, password] of [
      ['lea', 'wrong'],
      ['lea', ''],
      ['nobody', 'x'],
      ['Lea', 'password of lea'],
    ] as const) {
      expect((await logIn(username, password)).status, username).toBe(401);
    }
    expect(await accounts()).toEqual(before);
    const answer = await logIn('lea', 'password of lea');
    expect([answer.status, await count(answer)]).toEqual([302, 1]);
    expect(await accounts()).toContainEqual({
      username: 'lea',
      name: 'Lea L.',
      ldap: 1,
      roles: '["user"]',
      hasNone: 1,
    });
    expect((await logIn('ada', 'password of ada there')).status).toBe(401); // has an account here
  });

  test('with LDAP_UPDATE_USER changes the full name, and no roles', async () => {
    await open({ LDAP_UPDATE_USER: 'on' });
    await service.write(`UPDATE hpc_user SET roles = '["support"]' WHERE username = 'ldap'`);
    expect(await count(await logIn('ldap', 'password of ldap'))).toBe(3);
    expect(await accounts()).toContainEqual({
      username: 'ldap',
      name: 'Lena L.',
      ldap: 1,
      roles: '["support"]',
      hasNone: 0,
    });
  });

  const hangs = () => true;
  const answers = (operation: string, code: number) => (asked: Parameters<NonNullable<TestDirectory['hook']>>[0]) => {
    if (asked.operation !== operation) return false;
    asked.write(resultOf(asked, code));
    return true;
  };
  const fails =
    (hook: TestDirectory['hook'], settings: Partial<Bindings> = {}) =>
    async () => {
      directory.hook = hook;
      await open({ REQUEST_TIMEOUT_MS: '2000', LDAP_SYNC_USER: 'on', ...settings });
      return await logIn('lea', 'password of lea');
    };

  const FAILURES: readonly [string, LoginFailureKind, string | RegExp, () => Promise<Response>][] = [
    [
      'it is down',
      'directory-unreachable',
      'TLS: ECONNREFUSED',
      async () => {
        const gone = createServer();
        await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
        const { port } = gone.address() as AddressInfo;
        await new Promise((resolve) => gone.close(resolve));
        await open({}, `ldap://127.0.0.1:${port}`);
        return await logIn('ldap', 'password of ldap');
      },
    ],
    [
      'it accepts connections and never answers',
      'directory-unreachable',
      'TLS: no answer within 1000 ms',
      fails(hangs),
    ],
    [
      'it stops within the TLS handshake',
      'directory-unreachable',
      'TLS: no answer within 1000 ms',
      fails((asked) => {
        if (asked.operation !== 'extended') return false;
        asked.socket.removeAllListeners('data'); // what follows is not for a parser of LDAP
        asked.write(resultOf(asked, 0));
        return true;
      }),
    ],
    [
      'it hangs up',
      'directory-unreachable',
      /^bind of LDAP_SEARCH_DN: /,
      fails(({ operation, socket }) => operation === 'bind' && socket.destroy() !== undefined),
    ],
    ['it is busy', 'directory-unreachable', 'search: result code 51', fails(answers('search', 51))],
    ['it refuses StartTLS', 'directory-insecure', 'TLS: result code 2', fails(answers('extended', 2))],
    [
      'it requires TLS',
      'directory-insecure',
      'bind of LDAP_SEARCH_DN: result code 13',
      fails(answers('bind', 13), { LDAP_TLS: 'off' }),
    ],
    [
      'its certificate is of another CA',
      'directory-insecure',
      /^TLS: (DEPTH_ZERO_)?SELF_SIGNED_CERT/,
      fails(undefined, { LDAP_CA_FILE: undefined }),
    ],
    [
      'it does not know the searcher',
      'directory-refuses-service',
      'bind of LDAP_SEARCH_DN: result code 49',
      fails(answers('bind', 49)),
    ],
    ['it forbids the search', 'directory-refuses-service', 'search: result code 50', fails(answers('search', 50))],
    [
      'it sends entries without an end',
      'directory-invalid',
      'answers of more than 262144 bytes',
      fails(({ operation, id, write }) => {
        if (operation !== 'search') return false;
        for (let nth = 0; nth < 40; nth += 1) write(entry(id, 'uid=lea', { uid: ['x'.repeat(10_000)] }));
        return true;
      }),
    ],
    [
      'it refuses the user, whose account is locked',
      'directory-refuses-user',
      'bind of the user: result code 53',
      async () => {
        directory.hook = answers('bind', 53);
        await open();
        return await logIn('ldap', 'password of ldap');
      },
    ],
  ];

  test.each(FAILURES)('fails if %s: the page and the log say so', async (_, kind, detail, fail) => {
    const answer = await fail();
    const { code, page } = LOGIN_FAILURES[kind];
    expect([answer.status, cookieOf(answer), await answer.text()]).toEqual([
      code === 'unauthorized' ? 401 : 503,
      '',
      expect.stringContaining(page),
    ]);
    const expected = { level: 'warn', requestId: expect.any(String), failure: kind };
    expect(failures()).toEqual([
      { ...expected, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
    ]);
    expect(JSON.stringify(service.lines)).not.toMatch(/password of|of the searcher|a text of the directory/);
  });

  test('sends no password before TLS, and none at all if it fails', async () => {
    await open();
    await logIn('ldap', 'password of ldap');
    expect(directory.asked).toEqual(['StartTLS', 'bind uid=ldap,ou=people,dc=example']);
    directory.asked = [];
    await service.close();
    await fails(answers('extended', 2))();
    expect(directory.asked).toEqual(['StartTLS']);
  });

  test('two entries of one name are no user', async () => {
    await open({ LDAP_SYNC_USER: 'on' });
    directory.people.push({ uid: 'lea', name: 'Another Lea', password: 'x' });
    expect((await logIn('lea', 'password of lea')).status).toBe(401);
  });

  test('a directory that cannot decide does not use up the attempts of a user', async () => {
    await open();
    directory.hook = answers('bind', 51);
    const { host: server } = new URL(directory.url);
    expect(await shown()).toEqual({ server, encryption: 'StartTLS', contact: {} });
    for (let attempt = 0; attempt < 7; attempt += 1) expect((await logIn('ldap', 'password of ldap')).status).toBe(503);
    const lastFailure = { at: expect.any(Number), reason: expect.stringMatching(/^directory-unreachable: .*51/) };
    expect(await shown()).toMatchObject({ contact: { lastFailure } });
    directory.hook = undefined;
    expect((await logIn('ldap', 'password of ldap')).status).toBe(302);
    expect(await shown()).toMatchObject({ contact: { lastOkAt: expect.any(Number), lastFailure } });
    for (let attempt = 0; attempt < 5; attempt += 1) await logIn('ldap', 'wrong');
    expect(await (await logIn('ldap', 'password of ldap')).text()).toContain('Too many failed attempts');
  });

  test('its users get accounts on a schedule, and lose them when they are gone', async () => {
    await open({ LDAP_SYNC_S: '3600', LDAP_SYNC_DELETE: 'on' });
    const settings = readSettings({
      AUTH: 'none',
      LDAP_URL: directory.url,
      ...DIRECTORY_SETTINGS,
      LDAP_SYNC_S: '60',
      LDAP_SYNC_DELETE: 'on',
    });
    const opened = await openLdapDirectory(settings);
    let now = NOW;
    const sync = async () => {
      now += 60;
      const tasks = TIMETABLE.filter(({ name }) => name === 'syncDirectory');
      await runTimedWork(
        { db: service.db, settings, directory: opened, clock: () => now, log: { warn: () => {} } },
        tasks,
      );
      const [{ result } = {}] = await service.query(
        "SELECT result FROM ccjobs_timed_work WHERE name = 'syncDirectory'",
      );
      return JSON.parse(String(result));
    };
    const names = async () => (await accounts()).filter(({ ldap }) => ldap === 1).map(({ username }) => username);
    const locals = (await accounts()).filter(({ ldap }) => ldap === 0);
    expect(await sync()).toEqual({ users: 4, created: 2, deleted: 0 }); // `ldap` was there, and `ada` is local
    expect(await names()).toEqual(['ldap', 'lea', 'o,b*(c)\\d=e+f']);
    directory.people = PEOPLE.filter(({ uid }) => uid !== 'lea');
    expect(await sync()).toEqual({ users: 3, created: 0, deleted: 1 });
    directory.hook = answers('search', 4); // a list that the directory cut
    expect(await sync()).toEqual({ failed: 'login_unavailable' });
    directory.hook = undefined;
    directory.people = [];
    expect(await sync()).toEqual({ users: 0, created: 0, deleted: 0 }); // taken for a mistake
    expect(await names()).toEqual(['ldap', 'o,b*(c)\\d=e+f']);
    expect((await accounts()).filter(({ ldap }) => ldap === 0)).toEqual(locals);
  });
});

test('the service asks the directory of LDAP_URL, and warns of one without TLS', async () => {
  const cwd = await migrated();
  const sql = openSqlite(join(cwd, 'var/job.db'), 1_000);
  await sql.exec(ACCOUNTS);
  sql.close();
  const settings = { AUTH: 'jwt', JWT_PUBLIC_KEY: keys.publicKey, LDAP_URL: directory.url, LDAP_TLS: 'off' };
  const { service, url } = await serve(cwd, { ...settings, ...DIRECTORY_SETTINGS });
  const body = new URLSearchParams({ username: 'ldap', password: 'password of ldap' });
  const answer = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' });
  expect([answer.status, directory.asked]).toEqual([302, ['bind uid=ldap,ou=people,dc=example']]);
  service.child.kill('SIGTERM');
  await service.ended;
  expect(service.stderr()).toContain('LDAP_TLS is off');
  expect(service.stderr()).not.toMatch(/password of|of the searcher/);
});
