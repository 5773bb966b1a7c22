/** What the pages of cc-backend's front end request besides GraphQL (contract/rest.md §9, §10). */
import { compare } from 'bcryptjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { updateConfiguration } from '../../src/cc-frontend/user-settings.ts';
import { importPublicKey } from '../../src/http/auth/signing-keys.ts';
import { verifySignature } from '../../src/http/auth/token.ts';
import type { LogEntry } from '../../src/log.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { smallFrontend } from '../support/frontend.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { within } from '../support/pool.ts';
import { bodyOf, faultIn, keys, NOW, type TestApp, testApp } from '../support/test-app.ts';

const LOG: LogEntry[] = [
  { atMs: (NOW - 7200) * 1000, priority: 6, message: 'old' },
  { atMs: (NOW - 1800) * 1000, priority: 6, message: 'request {"path":"/Api"}' },
  { atMs: (NOW - 1700) * 1000, priority: 4, message: 'a warning' },
  { atMs: (NOW - 60) * 1000, priority: 3, message: 'an error' },
];

let service: TestApp;
beforeEach(async () => {
  service = await testApp({
    sql: ACCOUNTS,
    settings: { JWT_PRIVATE_KEY: keys.privateKey },
    service: () => ({ frontend: smallFrontend(), recentLog: () => LOG }),
  });
});
afterEach(() => service.close());

type Form = Readonly<Record<string, string>>;

/** A request of a session, with a form if `fields` are given. */
async function as(username: string, target: string, fields?: Form | FormData | string, method = 'POST') {
  const Cookie = cookieOf(await sendLogin(service, { username, password: PASSWORD }));
  if (fields === undefined) return await service.app.request(target, { headers: { Cookie } });
  const body = typeof fields === 'string' || fields instanceof FormData ? fields : formOf(Object.entries(fields));
  return await service.app.request(target, { method, headers: { Cookie }, body });
}

function formOf(fields: readonly (readonly [string, string | File])[]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

describe('a setting', () => {
  const save = (key: string, value: string, user = 'ada') => as(user, '/frontend/configuration/', { key, value });
  const stored = () => service.query('SELECT username, confkey, value FROM configuration ORDER BY 1, 2');

  test('is stored and replaced, for the user alone', async () => {
    await save('jobList_usePaging', 'true');
    await save('jobList_usePaging', ' [ "kept as it is" ] ');
    await save('jobList_usePaging', '1', 'max');
    expect(await stored()).toEqual([
      { username: 'ada', confkey: 'jobList_usePaging', value: ' [ "kept as it is" ] ' },
      { username: 'max', confkey: 'jobList_usePaging', value: '1' },
    ]);
  });

  test('of a user without an account is accepted, and not stored', async () => {
    await service.write("DELETE FROM hpc_user WHERE username = 'blank'");
    const user = { name: 'blank', roles: new Set(['user']), projects: [] };
    expect(await updateConfiguration(service.db, user, { key: 'k', value: '1' }, within(10_000))).toBe(false);
    expect(
      await updateConfiguration(service.db, { ...user, name: 'ada' }, { key: 'k', value: '1' }, within(10_000)),
    ).toBe(true);
    expect(await stored()).toHaveLength(1);
  });

  test.each([
    ['no key', '', '1', 'key must have 1 to 255 characters'],
    ['a long key', 'k'.repeat(256), '1', 'key must have 1 to 255 characters'],
    ['a control character', 'a\u0000b', '1', 'none of them control'],
    ['no value', 'k', '', 'value must be JSON'],
    ['a broken value', 'k', '{"a":', 'value must be JSON'],
    ['a bare word', 'k', 'yes', 'value must be JSON'],
    ['a long value', 'k', `"${'x'.repeat(65_535)}"`, 'value must have at most 65536 bytes'],
    ['a deep value', 'k', `${'['.repeat(17)}${']'.repeat(17)}`, 'at most 16 levels'],
    ['a value that is far too deep', 'k', '['.repeat(20_000) + ']'.repeat(20_000), 'at most 16 levels'],
  ])('with %s is refused', async (_, key, value, reason) => {
    const [status, code, error] = await faultIn(await save(key, value));
    expect([status, code, error]).toEqual([400, 'invalid_request', expect.stringContaining(reason)]);
    expect(await stored()).toEqual([]);
  });

  test('is one of a thousand at most', async () => {
    const others = Array.from({ length: 1000 }, (_, n) => `('ada', 'k${n}', '1')`);
    await service.write(`INSERT INTO configuration VALUES ${others.join()}`);
    expect((await faultIn(await save('another', '1'))).slice(0, 2)).toEqual([422, 'conflict']);
    expect((await save('k7', '2')).status).toBe(200);
  });

  test.each<[string, FormData | string, string]>([
    ['plain text', 'key=k&value=1', 'multipart/form-data'],
    ['a file', formOf([['key', new File(['x'], 'x')]]), 'not a file'],
    ['many fields', formOf(Array.from({ length: 9 }, () => ['key', 'k'])), 'more than 8 fields'],
  ])('as %s is refused', async (_, form, reason) => {
    const [status, , error] = await faultIn(await as('ada', '/frontend/configuration/', form));
    expect([status, error]).toEqual([400, expect.stringContaining(reason)]);
  });

  test('in a broken or large form is refused', async () => {
    const Cookie = cookieOf(await sendLogin(service, { username: 'ada', password: PASSWORD }));
    const send = (body: string) =>
      service.app.request('/frontend/configuration/', {
        method: 'POST',
        headers: { Cookie, 'Content-Type': 'multipart/form-data; boundary=x' },
        body,
      });
    expect((await faultIn(await send('--x\r\nnonsense'))).slice(0, 2)).toEqual([400, 'invalid_request']);
    expect((await faultIn(await send('x'.repeat(200_000)))).slice(0, 2)).toEqual([413, 'body_too_large']);
  });
});

describe('a token', () => {
  const jwt = (user: string, of: string) => as(user, `/frontend/jwt/?username=${of}`);

  test('is made for the user, with the roles of the account, for 30 days', async () => {
    await service.write(`UPDATE hpc_user SET roles = '["user","api"]' WHERE username = 'ada'`);
    const answer = await jwt('ada', 'ada');
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    const claims = await verifySignature(await answer.text(), await importPublicKey(keys.publicKey));
    expect(claims).toEqual({ user: 'ada', roles: ['user', 'api'], exp: NOW + 30 * 86_400, nbf: undefined });
  });

  test('of another user is for admins', async () => {
    expect((await jwt('root', 'ada')).status).toBe(200);
    expect((await faultIn(await jwt('sue', 'ada'))).slice(0, 2)).toEqual([403, 'forbidden']);
    expect((await faultIn(await jwt('ada', 'who'))).slice(0, 2)).toEqual([403, 'forbidden']);
    expect((await faultIn(await jwt('root', 'who'))).slice(0, 2)).toEqual([404, 'not_found']);
    expect((await faultIn(await as('ada', '/frontend/jwt/')))[0]).toBe(400);
  });

  test('is not made by a token', async () => {
    const answer = await service.get('/frontend/jwt/?username=root', 'root', 'admin', 'api');
    expect((await faultIn(answer))[0]).toBe(401);
  });
});

test('without a private key there are no tokens, and the answer says why', async () => {
  await service.close();
  service = await testApp({ sql: ACCOUNTS, service: () => ({ frontend: smallFrontend() }) });
  const [status, , error] = await faultIn(await as('ada', '/frontend/jwt/?username=ada'));
  expect([status, error]).toEqual([403, 'tokens cannot be issued here: JWT_PRIVATE_KEY is not set']);
  expect(await bodyOf(await as('root', '/frontend/logs/'))).toEqual([]);
});

describe('the log', () => {
  const messages = async (query: string) =>
    (await bodyOf<{ message: string }[]>(await as('root', `/frontend/logs/?${query}`))).map(({ message }) => message);

  test('has the lines of the last hour, oldest first', async () => {
    const [first, ...rest] = await bodyOf<object[]>(await as('root', '/frontend/logs/'));
    expect(first).toEqual({
      timestamp: `${NOW - 1800}000000`,
      priority: 6,
      message: 'request {"path":"/Api"}',
      unit: 'cc-jobs',
    });
    expect(rest).toHaveLength(2);
  });

  test.each([
    ['since=24%20hours%20ago', ['old', 'request {"path":"/Api"}', 'a warning', 'an error']],
    ['since=15%20min%20ago&lines=1000', ['an error']],
    ['lines=1', ['an error']],
    ['level=4', ['a warning', 'an error']],
    ['level=0', []],
    ['search=/api', ['request {"path":"/Api"}']],
  ])('by %s', async (query, expected) => {
    expect(await messages(query)).toEqual(expected);
  });

  test.each(['since=yesterday', 'since=%24(reboot)', 'lines=0', 'lines=x', 'level=8', 'level=', 'more=1'])(
    'refuses %s',
    async (query) => {
      expect((await faultIn(await as('root', `/frontend/logs/?${query}`))).slice(0, 2)).toEqual([
        400,
        'invalid_request',
      ]);
    },
  );
});

describe('accounts', () => {
  const account = (username: string) =>
    service.query(`SELECT name, email, roles, projects, password FROM hpc_user WHERE username = '${username}'`);
  const create = (fields: Record<string, string>) => as('root', '/config/users/', fields);

  test('are listed as by the API', async () => {
    const listed = await (await as('root', '/config/users/?via-ldap=false&not-just-user=true')).text();
    expect(listed).toBe(await (await service.get('/api/users/?not-just-user=true', 'root', 'admin', 'api')).text());
    expect(await bodyOf(await as('root', '/config/roles/'))).toEqual(['api', 'user', 'manager', 'support', 'admin']);
    expect(await bodyOf(await as('root', '/config/taggers/'))).toEqual([]);
  });

  test('are created, changed and deleted', async () => {
    const fields = {
      username: 'eve',
      password: 'secret',
      role: 'manager',
      project: 'p1',
      name: 'Eve E.',
      email: 'e@x',
    };
    const created = await create(fields);
    expect([created.status, await created.text()]).toEqual([200, 'User eve successfully created!\n']);
    const [{ password, ...rest } = {}] = await account('eve');
    expect(rest).toEqual({ name: 'Eve E.', email: 'e@x', roles: '["manager"]', projects: '["p1"]' });
    expect(String(password)).toMatch(/^\$2a\$10\$/);
    expect(await compare('secret', String(password))).toBe(true);

    const changed = await as('root', '/config/user/eve', { username: 'eve', 'add-role': 'User' });
    expect(await bodyOf(changed)).toEqual({ msg: 'Add Role Success' });
    expect((await account('eve'))[0]).toMatchObject({ roles: '["manager","user"]' });
    expect((await faultIn(await as('root', '/config/user/eve', { 'add-role': 'user' }))).slice(0, 2)).toEqual([
      422,
      'conflict',
    ]);
    expect((await faultIn(await as('root', '/config/user/eve', { username: 'eve' }))).slice(0, 2)).toEqual([
      400,
      'invalid_request',
    ]);

    expect((await as('root', '/config/users/', { username: 'eve' }, 'DELETE')).status).toBe(200);
    expect((await as('root', '/config/users/?username=max', {}, 'DELETE')).status).toBe(200);
    expect([await account('eve'), await account('max')]).toEqual([[], []]);
  });

  test('of programs need no password', async () => {
    expect((await create({ username: 'bot', role: 'api', password: '' })).status).toBe(200);
    expect((await account('bot'))[0]).toMatchObject({ password: null, roles: '["api"]', projects: '[]' });
  });

  test.each([
    [400, { role: 'user', password: 'x' }],
    [400, { username: 'u'.repeat(101), role: 'user', password: 'x' }],
    [400, { username: 'u', role: 'user' }],
    [400, { username: 'u', role: 'chief', password: 'x' }],
    [400, { username: 'u', role: 'manager', password: 'x' }],
    [400, { username: 'u', role: 'user', password: 'x', project: 'p' }],
    [400, { username: 'u', role: 'user', password: 'x', name: 'n'.repeat(256) }],
    [422, { username: 'u', role: 'user', password: 'x'.repeat(73) }],
    [422, { username: 'ada', role: 'user', password: 'x' }],
  ])('are refused with %i: %j', async (status, fields) => {
    expect((await faultIn(await create(fields)))[0]).toBe(status);
    expect(await account('u')).toEqual([]);
  });
});

test('METRIC_RESOLUTIONS are what the pages may ask /query for', async () => {
  const resampling = async () => {
    const page = await (await as('ada', '/monitoring/jobs/')).text();
    const [, text = ''] = /const resampleConfig = JSON\.parse\((.*)\);/.exec(page) ?? [];
    return JSON.parse(text) as unknown;
  };
  expect(await resampling()).toBe('null');
  await service.close();
  service = await testApp({
    sql: ACCOUNTS,
    settings: { METRIC_RESOLUTIONS: '600,240' },
    service: () => ({ frontend: smallFrontend() }),
  });
  expect(await resampling()).toBe('{"minimum-points":1000,"resolutions":[600,240],"trigger":30}');
});
