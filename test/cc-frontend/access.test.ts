/** Who may request what of cc-backend's front end: every route as every caller (contract/auth.md §6). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLE_RIGHTS } from '../../src/jobs/roles.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { addRole } from '../support/added-role.ts';
import { PAGES, smallFrontend } from '../support/frontend.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { faultIn, keys, type TestApp, testApp } from '../support/test-app.ts';

addRole('onlooker', { ...ROLE_RIGHTS.user, writesOwn: false });

let service: TestApp;
const cookies = new Map<string, string>();
beforeAll(async () => {
  service = await testApp({
    sql: ACCOUNTS,
    settings: { JWT_PRIVATE_KEY: keys.privateKey },
    service: () => ({ frontend: smallFrontend(), recentLog: () => [] }),
  });
  for (const username of ['root', 'sue', 'max', 'ada', 'nil']) {
    cookies.set(username, cookieOf(await sendLogin(service, { username, password: PASSWORD })));
  }
});
afterAll(() => service.close());

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

const send = (user: string | undefined, [method, target, fields]: Call, headers: Record<string, string> = {}) =>
  service.app.request(target, {
    method,
    headers: { ...(user === undefined ? {} : { Cookie: cookies.get(user) ?? '' }), ...headers },
    ...(fields === undefined ? {} : { body: form(fields) }),
  });

type Call = readonly [method: string, target: string, fields?: Record<string, string>];
const OWN: readonly Call[] = [['POST', '/frontend/configuration/', { key: 'k', value: '1' }]];
const ADMINISTRATION: readonly Call[] = [
  ['GET', '/frontend/logs/'],
  ['GET', '/config/users/?via-ldap=false&not-just-user=true'],
  ['GET', '/config/roles/'],
  ['GET', '/config/taggers/'],
  ['POST', '/config/users/', { username: 'new', role: 'api' }],
  ['POST', '/config/user/new', { 'add-role': 'user' }],
  ['DELETE', '/config/users/', { username: 'new' }],
];
const MEANINGLESS: readonly Call[] = [
  ['POST', '/config/taggers/run/', { name: 'x' }],
  ['POST', '/config/notice/', { 'new-content': 'x' }],
];
const titleOf = ([method, target]: Call) => `${method} ${target}`;

describe.each([...OWN, ...ADMINISTRATION, ...MEANINGLESS].map((call) => [titleOf(call), call] as const))(
  '%s',
  (_, call) => {
    test('needs a session: a token does not count', async () => {
      expect((await faultIn(await send(undefined, call)))[0]).toBe(401);
      for (const name of ['X-Auth-Token', 'Authorization']) {
        const answer = await send('root', call, { [name]: await service.token('root', 'admin', 'api') });
        expect((await faultIn(answer)).slice(0, 2)).toEqual([401, 'unauthorized']);
      }
    });

    test('is refused to a page of another site', async () => {
      if (call[0] === 'GET') return;
      const answer = await send('root', call, { Origin: 'https://elsewhere.example' });
      expect((await faultIn(answer)).slice(0, 2)).toEqual([403, 'forbidden']);
    });
  },
);

test.each(['root', 'sue', 'max', 'ada', 'nil'])('%s stores settings', async (user) => {
  for (const call of OWN) {
    const answer = await send(user, call);
    expect([answer.status, await answer.text()], titleOf(call)).toEqual([200, 'success']);
  }
});

test('a user whose role may write nothing stores none', async () => {
  await service.write(`INSERT INTO hpc_user (username, password, ldap, roles, projects)
    SELECT 'vic', password, 0, '["onlooker"]', '[]' FROM hpc_user WHERE username = 'ada'`);
  cookies.set('vic', cookieOf(await sendLogin(service, { username: 'vic', password: PASSWORD })));
  for (const call of OWN) {
    expect((await faultIn(await send('vic', call))).slice(0, 2), titleOf(call)).toEqual([403, 'forbidden']);
  }
  expect(await service.query("SELECT * FROM configuration WHERE username = 'vic'")).toEqual([]);
});

test('an admin administers', async () => {
  for (const call of ADMINISTRATION) expect((await send('root', call)).status, titleOf(call)).toBe(200);
});

test.each(['sue', 'max', 'ada', 'nil'])('%s does not administer', async (user) => {
  for (const call of [...ADMINISTRATION, ...MEANINGLESS]) {
    expect((await faultIn(await send(user, call))).slice(0, 2), titleOf(call)).toEqual([403, 'forbidden']);
  }
});

test('what cc-jobs does not have, it says', async () => {
  for (const call of MEANINGLESS) {
    const [status, code, error] = await faultIn(await send('root', call));
    expect([status, code, error], titleOf(call)).toEqual([404, 'not_found', expect.stringContaining('cc-jobs has no')]);
  }
});

describe('a page', () => {
  test.each(PAGES)('%s opens for every session and token, and for no one else', async (address) => {
    for (const user of cookies.keys()) expect((await send(user, ['GET', address])).status, user).toBe(200);
    expect((await service.get(address, 'bot')).status).toBe(200);
    expect((await faultIn(await send(undefined, ['GET', address])))[0]).toBe(401);
  });

  test('has a policy that allows its one script, and every other page a stricter one', async () => {
    const policyOf = async (address: string) =>
      (await send('ada', ['GET', address], { Accept: 'text/html' })).headers.get('Content-Security-Policy') ?? '';
    const nonces = new Set<string>();
    for (const [address] of [...PAGES, ['/search?searchId=']] as const) {
      const policy = await policyOf(address);
      const [, nonce = ''] = /script-src 'self' 'nonce-([^']+)';/.exec(policy) ?? [];
      nonces.add(nonce);
      expect(policy.replace(nonce, 'N')).toBe(
        "default-src 'none'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; " +
          "base-uri 'self'; script-src 'self' 'nonce-N'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'",
      );
    }
    expect(nonces.size).toBe(PAGES.length + 1);
    for (const address of ['/', '/jobs', '/login', '/monitoring/nothing', '/monitoring/job/x', '/config/nothing']) {
      expect(await policyOf(address), address).toMatch(/script-src 'self'; style-src 'self'; img-src 'self'$/);
    }
  });

  test.each(['/monitoring/job/x', '/monitoring/jobs', '/monitoring/status/', '/monitoring/nothing'])(
    '%s does not exist',
    async (address) => {
      expect((await send('ada', ['GET', address])).status).toBe(404);
    },
  );

  test('is as large as its data only', async () => {
    const answer = await send('ada', ['GET', `/monitoring/job/${'9'.repeat(5000)}`]);
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
  });
});

test('without a front end there is none of it', async () => {
  const bare = await testApp({ sql: ACCOUNTS });
  const calls = [...PAGES.map(([address]) => ['GET', address] as const), ...OWN, ...ADMINISTRATION, ...MEANINGLESS];
  for (const [method, target] of [...calls, ['GET', '/search'], ['GET', '/build/header.js']]) {
    expect((await bare.app.request(target ?? '', { method })).status, target).toBe(404);
  }
  await bare.close();
});
