import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, LOGIN_KEY, loginToken, sendLogin, signedToken } from '../support/login.ts';
import { bodyOf, job, keys, NOW, otherKeys, type TestApp, testApp } from '../support/test-app.ts';

const HTML = { Accept: 'text/html' };
const DAY_SEC = 86_400;
const BURST = 5;

let service: TestApp;
let now = NOW;
beforeAll(async () => {
  service = await testApp({
    sql: ACCOUNTS,
    jobs: [
      job({ user: 'ada' }),
      job({ jobId: 2, user: 'bob', project: 'p2' }),
      job({ jobId: 3, user: 'eve', project: 'p3' }),
    ],
    settings: { CROSS_LOGIN_JWT_HS512_KEY: LOGIN_KEY },
    service: () => ({ clock: () => now }),
  });
});
afterAll(() => service.close());

const login = (fields: Record<string, string>, headers = {}) => sendLogin(service, fields, headers);
/** A cookie of a new session. The clock advances, so that the limit of logins does not apply. */
async function cookie(username: string): Promise<string> {
  now += BURST * 180;
  return cookieOf(await login({ username, password: PASSWORD }));
}

describe('logging in', () => {
  test('is answered with a cookie, and leads on', async () => {
    const answer = await login({ username: 'ada', password: PASSWORD, redirect: '/?x=1#y' });
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/?x=1#y']);
    // 168 hours. Over plain HTTP, so that the cookie is not restricted to TLS.
    expect(answer.headers.get('Set-Cookie')).toMatch(
      /^session=[A-Za-z0-9_-]+\.[A-Za-z0-9%]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test('over TLS gives a cookie for TLS alone', async () => {
    const body = new URLSearchParams({ username: 'sue', password: PASSWORD }).toString();
    const answer = await service.app.request('https://jobs.example/login', { method: 'POST', body });
    expect(answer.headers.get('Set-Cookie')).toContain('; Secure');
  });

  test('takes no password from an address, which browsers and proxies keep', async () => {
    const query = new URLSearchParams({ username: 'sue', password: PASSWORD, redirect: '/login' });
    for (const method of ['GET', 'POST', 'PUT']) {
      const answer = await service.app.request(`/jwt-login?${query}`, { method });
      expect([answer.status, cookieOf(answer)], method).toEqual([401, '']);
      expect(await answer.text(), method).toContain('only login tokens');
    }
    const posted = await service.app.request(`/login?${query}`, { method: 'POST', body: 'username=sue' });
    expect([posted.status, cookieOf(posted)]).toEqual([401, '']);
    const body = new URLSearchParams({ username: 'sue', password: PASSWORD }).toString();
    const byToken = await service.app.request('/jwt-login', { method: 'POST', body });
    expect([byToken.status, cookieOf(byToken)]).toEqual([401, '']);
  });

  test('takes its other parameters from the query as well', async () => {
    const body = new URLSearchParams({ password: PASSWORD }).toString();
    const answer = await service.app.request('/login?username=sue&redirect=/login', { method: 'POST', body });
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/login']);
  });

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    'evil',
    '',
  ])('never leads out of the site: %j', async (redirect) => {
    now += 180;
    const answer = await login({ username: 'sue', password: PASSWORD, redirect });
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/']);
  });

  test.each([
    ['a wrong password', { username: 'max', password: 'wrong' }],
    ['an unknown user', { username: 'nobody', password: PASSWORD }],
    ['an account of a directory', { username: 'ldap', password: PASSWORD }],
    ['an account without a password', { username: 'blank', password: '' }],
    ['no user name', { password: PASSWORD }],
    ['nothing', {}],
  ])('fails with 401 and the form: %s', async (_, fields: Record<string, string>) => {
    const answer = await login({ redirect: '/"><b>', ...fields });
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([401, 'text/html; charset=utf-8']);
    expect(cookieOf(answer)).toBe('');
    const page = await answer.text();
    expect(page).toContain('Wrong user name or password');
    expect(page).toContain('value="/&quot;&gt;&lt;b&gt;"'); // the requested address is kept, and escaped
  });

  test('from another site is refused', async () => {
    const answer = await login({ username: 'ada', password: PASSWORD }, { 'Sec-Fetch-Site': 'cross-site' });
    expect([answer.status, cookieOf(answer)]).toEqual([403, '']);
  });

  test('without a key for sessions is off, and says so', async () => {
    const off = await testApp({ sql: ACCOUNTS, service: () => ({ sessionKey: undefined }) });
    const answer = await sendLogin(off, { username: 'ada', password: PASSWORD });
    expect([answer.status, cookieOf(answer)]).toEqual([401, '']);
    expect(await answer.text()).toContain('SESSION_KEY');
    await off.close();
  });

  test('fails for rights that no cookie can hold, rather than give one that a browser drops', async () => {
    const projects = JSON.stringify(Array.from({ length: 500 }, (_, n) => `project-${n}`));
    const many = await testApp({ sql: `${ACCOUNTS} UPDATE hpc_user SET projects = '${projects}'` });
    const answer = await sendLogin(many, { username: 'max', password: PASSWORD });
    expect([answer.status, cookieOf(answer)]).toEqual([401, '']);
    await many.close();
  });
});

describe('a login token', () => {
  const logIn = async (token: string, by: 'query' | 'header' = 'query') => {
    now += 180 * BURST;
    return by === 'query'
      ? await service.app.request(`/jwt-login?login-token=${token}`)
      : await service.app.request('/jwt-login', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
  };

  test.each(['HS256', 'HS512'])('signed with %s logs in whoever it names, with its roles and projects', async (alg) => {
    const token = await loginToken({ sub: 'mia', roles: ['manager', 'nonsense', 7], projects: ['p3', 8] }, { alg });
    const session = cookieOf(await logIn(token, alg === 'HS256' ? 'header' : 'query'));
    const headers = { Cookie: session, 'X-Requested-With': 'cc-jobs' };
    expect(await bodyOf(await service.app.request('/api/jobs/count', { headers }))).toEqual({ count: 1 });
  });

  test.each([
    ['of another key', () => loginToken({ sub: 'mia' }, { key: btoa('f'.repeat(32)) })],
    ['that has expired', () => loginToken({ sub: 'mia', exp: now })],
    ['that is not valid yet', () => loginToken({ sub: 'mia', nbf: now + 10_000 })],
    ['without a user', () => loginToken({ roles: ['admin'] })],
    ['of our own API', () => service.token('mia', 'admin')],
    ['that is none', async () => 'a.b'],
    ['without a signature', async () => `${(await loginToken({ sub: 'mia' })).split('.').slice(0, 2).join('.')}.`],
  ])('%s is refused', async (_, make: () => Promise<string>) => {
    const answer = await logIn(await make());
    expect([answer.status, cookieOf(answer)]).toEqual([401, '']);
  });

  test('is nothing where there is no key for it', async () => {
    const keyless = await testApp({ sql: ACCOUNTS });
    const answer = await keyless.app.request(`/jwt-login?login-token=${await loginToken({ sub: 'ada' })}`);
    expect([answer.status, cookieOf(answer)]).toEqual([401, '']);
    await keyless.close();
  });

  test('with JWT_VALIDATE_USER is for accounts alone, with their rights', async () => {
    const strict = await testApp({
      sql: ACCOUNTS,
      settings: { CROSS_LOGIN_JWT_HS512_KEY: LOGIN_KEY, JWT_VALIDATE_USER: 'on' },
    });
    const status = async (sub: string) => {
      const token = await loginToken({ sub, roles: ['admin'] });
      const answer = await strict.app.request(`/jwt-login?login-token=${token}`);
      return [answer.status, answer.status === 302 ? sessionRoles(cookieOf(answer)) : undefined];
    };
    expect([await status('ada'), await status('mia')]).toEqual([
      [302, ['user']],
      [401, undefined],
    ]);
    await strict.close();
  });

  function sessionRoles(session: string): unknown {
    const [content = ''] = session.replace('session=', '').split('.');
    return JSON.parse(atob(content.replaceAll('-', '+').replaceAll('_', '/'))).roles;
  }
});

describe('a token in the cookie of another site', () => {
  const ISSUER = 'https://portal.example';
  const COOKIE = {
    JWT_COOKIE_NAME: 'portal',
    JWT_TRUSTED_ISSUER: ISSUER,
    CROSS_LOGIN_JWT_PUBLIC_KEY: otherKeys.publicKey,
  };
  let portal: TestApp;
  afterEach(() => portal.close());
  const open = async (settings: Record<string, string> = {}) => {
    portal = await testApp({
      sql: ACCOUNTS,
      settings: { ...COOKIE, ...settings },
      jobs: [job(), job({ jobId: 2, user: 'bob' })],
    });
  };
  const logIn = async (
    payload: object,
    { key = otherKeys.privateKey, path = '/jwt-login?redirect=%2Fjobs', header = {} } = {},
  ) => {
    const token = await signedToken(payload, key, header);
    const answer = await portal.app.request(path, { headers: { Cookie: `portal=${token}` } });
    const session =
      answer.headers
        .getSetCookie()
        .find((line) => line.startsWith('session='))
        ?.split(';')[0] ?? '';
    const count = async () => {
      const headers = { Cookie: session, 'X-Requested-With': 'cc-jobs' };
      const counted = await portal.app.request('/api/jobs/count', { headers });
      return counted.status === 200 ? (await bodyOf<{ count: number }>(counted)).count : counted.status;
    };
    return { answer, session, count };
  };

  test('logs in whom it names, once: the cookie is deleted', async () => {
    await open();
    const { answer, count } = await logIn({ iss: ISSUER, sub: 'mia', roles: ['support', 'nonsense'], exp: NOW + 60 });
    expect([answer.status, answer.headers.get('Location'), await count()]).toEqual([302, '/jobs', 2]);
    expect(answer.headers.getSetCookie()).toContain('portal=; Max-Age=0; Path=/; HttpOnly');
  });

  test('without an issuer is one of ours', async () => {
    await open();
    const { count } = await logIn({ sub: 'ada', roles: ['user'] }, { key: keys.privateKey });
    expect(await count()).toBe(1);
  });

  test('never leads out of the site', async () => {
    await open();
    const path = '/jwt-login?redirect=https%3A%2F%2Fevil.example%2F';
    expect((await logIn({ iss: ISSUER, sub: 'ada' }, { path })).answer.headers.get('Location')).toBe('/');
  });

  test.each<[string, string, object, object]>([
    ['of another issuer', 'token has another issuer', { iss: 'https://evil.example', sub: 'ada' }, {}],
    ['whose issuer is no text', 'token has another issuer', { iss: [ISSUER], sub: 'ada' }, {}],
    [
      'of the issuer, signed with our key',
      'token signature is invalid',
      { iss: ISSUER, sub: 'ada' },
      { key: keys.privateKey },
    ],
    ['of ours, signed with the key of the issuer', 'token signature is invalid', { sub: 'ada' }, {}],
    ['that has expired', 'token is expired', { iss: ISSUER, sub: 'ada', exp: NOW }, {}],
    ['that is not valid yet', 'token is not valid yet', { iss: ISSUER, sub: 'ada', nbf: NOW + 1 }, {}],
    ['without a user', 'token is malformed', { iss: ISSUER, roles: ['admin'] }, {}],
    [
      'of another algorithm',
      'token is not signed with EdDSA (Ed25519)',
      { iss: ISSUER, sub: 'ada' },
      { header: { alg: 'none' } },
    ],
  ])('%s is refused: the page and the log say "%s"', async (_, reason, payload, options) => {
    await open();
    const { answer, session } = await logIn(payload, options);
    expect([answer.status, session, answer.headers.getSetCookie()]).toEqual([
      401,
      '',
      ['portal=; Max-Age=0; Path=/; HttpOnly'],
    ]);
    expect(await answer.text()).toContain(`role="alert">${reason}</p>`);
    expect(portal.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ code: 'unauthorized', reason }),
    );
  });

  test('that is no token, and none at all', async () => {
    await open();
    for (const [value, text] of [
      ['a.b', 'token is malformed'],
      ['', 'only login tokens'],
    ] as const) {
      const answer = await portal.app.request('/jwt-login', {
        headers: value === '' ? {} : { Cookie: `portal=${value}` },
      });
      expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining(text)]);
    }
  });

  test('does not keep its user from logging in with a password', async () => {
    await open();
    const answer = await sendLogin(portal, { username: 'ada', password: PASSWORD }, { Cookie: 'portal=an.old.one' });
    expect(answer.status).toBe(302);
  });

  test('creates and changes accounts where that is set, and its session ends with the account', async () => {
    await open({ JWT_SYNC_USER: 'on', JWT_UPDATE_USER: 'on' });
    const claims = {
      iss: ISSUER,
      name: { values: ['Mia', 'M.', 7] },
      roles: ['manager', 'nonsense', 'support'],
      projects: ['p2'],
    };
    const { count } = await logIn({ ...claims, sub: 'mia' });
    await logIn({ iss: ISSUER, sub: 'ada', name: 'Ada B.', roles: ['user'], projects: ['p2'] });
    const accounts = `SELECT name, CAST(roles AS TEXT) AS roles, CAST(projects AS TEXT) AS projects, ldap FROM hpc_user
      WHERE username IN ('ada', 'mia') ORDER BY username`;
    expect(await portal.query(accounts)).toEqual([
      { name: 'Ada B.', roles: '["user"]', projects: '[]', ldap: 0 },
      { name: 'Mia M.', roles: '["manager","support"]', projects: '["p2"]', ldap: 2 },
    ]);
    expect(await count()).toBe(2);
    await portal.write("UPDATE hpc_user SET roles = '[\"user\"]' WHERE username = 'mia'");
    expect(await count()).toBe(403); // no role that both have
    await portal.write("DELETE FROM hpc_user WHERE username = 'mia'");
    expect(await count()).toBe(401);
    const { answer } = await logIn({ ...claims, sub: 'a\nb' });
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('No valid user name')]);
  });

  test('with JWT_VALIDATE_USER is for accounts alone, and changes none', async () => {
    await open({ JWT_VALIDATE_USER: 'on', JWT_SYNC_USER: 'on', JWT_UPDATE_USER: 'on' });
    expect((await logIn({ iss: ISSUER, sub: 'mia', roles: ['admin'] })).answer.status).toBe(401);
    expect(await (await logIn({ iss: ISSUER, sub: 'ada', roles: ['admin'] })).count()).toBe(1);
  });
});

describe('a session', () => {
  const overview = (headers: Record<string, string>) => service.app.request('/', { headers: { ...HTML, ...headers } });

  test('opens the pages', async () => {
    const answer = await overview({ Cookie: await cookie('ada') });
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
  });

  test('ends with its time, however long a browser keeps the cookie', async () => {
    const session = await cookie('ada');
    now += 7 * DAY_SEC - 1;
    expect((await overview({ Cookie: session })).status).toBe(200);
    now += 1;
    expect((await overview({ Cookie: session })).status).toBe(401);
  });

  test('that was changed, or signed by somebody else, is none', async () => {
    const session = await cookie('ada');
    const other = await testApp({ sql: ACCOUNTS, service: () => ({ sessionKey: 'another key', clock: () => now }) });
    const [content = '', signature = ''] = session.split('.');
    const forged = cookieOf(await sendLogin(other, { username: 'root', password: PASSWORD }));
    await other.close();
    for (const Cookie of [`${content}x.${signature}`, content, forged, 'session=', 'session=a.b']) {
      expect((await overview({ Cookie })).status, Cookie).toBe(401);
    }
  });

  test('is deleted by logging out', async () => {
    const answer = await service.app.request('/logout', { method: 'POST', headers: { Cookie: await cookie('ada') } });
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('Set-Cookie')).toBe('session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax');
  });

  test('cannot be ended by a link or by another site', async () => {
    expect((await service.app.request('/logout')).status).toBe(405);
    const headers = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await service.app.request('/logout', { method: 'POST', headers })).status).toBe(403);
  });
});

describe('a session at the API', () => {
  const PAGE = { 'X-Requested-With': 'cc-jobs', 'Sec-Fetch-Site': 'same-origin' };
  const ask = async (path: string, user: string, headers: Record<string, string> = PAGE, method = 'GET') =>
    await service.app.request(path, { method, headers: { Cookie: await cookie(user), ...headers } });

  test.each([
    ['root', 3],
    ['sue', 3],
    ['max', 1],
    ['ada', 1],
  ])('reads for the pages what %s may see', async (user, count) => {
    expect(await bodyOf(await ask('/api/jobs/count', user))).toEqual({ count });
  });

  test.each([
    '/api/jobs/',
    '/api/jobs/1',
    '/api/jobs/metrics/1',
    '/api/statistics/jobs',
    '/api/statistics/histograms',
    '/api/statistics/percentiles?of=wait',
    '/api/statistics/timeline',
  ])('reads %s', async (path) => {
    expect((await ask(path, 'ada')).status).toBe(200);
  });

  test('reads the state of the service for admins', async () => {
    expect([(await ask('/api/system', 'root')).status, (await ask('/api/system', 'sue')).status]).toEqual([200, 403]);
  });

  test('over plain HTTP, where a browser does not say from where it asks, reads as well', async () => {
    expect((await ask('/api/jobs/count', 'ada', { 'X-Requested-With': 'cc-jobs' })).status).toBe(200);
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['the header of the pages is missing', '/api/jobs/count', {}, 'GET'],
    ['another origin asks', '/api/jobs/count', { ...PAGE, 'Sec-Fetch-Site': 'same-site' }, 'GET'],
    ['the address is typed', '/api/jobs/count', { ...PAGE, 'Sec-Fetch-Site': 'none' }, 'GET'],
    ['it writes', '/api/jobs/delete_job/1', PAGE, 'DELETE'],
    ['it tags', '/api/jobs/tag_job/1', PAGE, 'POST'],
    ['it sends a body to what it may read', '/api/jobs/1', PAGE, 'POST'],
    ['it wants accounts', '/api/users/', PAGE, 'GET'],
    ['it wants what no page reads', '/api/clusters/', PAGE, 'GET'],
    ['it asks the API of people', '/userapi/jobs/count', PAGE, 'GET'],
  ])('is nothing where %s', async (_, path, headers, method) => {
    expect((await ask(path, 'root', headers, method)).status).toBe(401);
  });

  test('does not save a bad token', async () => {
    expect((await ask('/api/jobs/count', 'root', { ...PAGE, 'X-Auth-Token': 'bad' })).status).toBe(401);
  });
});

describe('a page', () => {
  test('without a login is the form, which leads back to it', async () => {
    const answer = await service.app.request('/?x=1', { headers: HTML });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('action="/login"');
  });

  test('opens for a token too', async () => {
    expect((await service.get('/', 'ada', 'user')).status).toBe(200);
  });

  test('that is not there is a page for a browser, and JSON for a program', async () => {
    const page = await service.app.request('/nothing', { headers: HTML });
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8']);
    const json = await service.app.request('/nothing', { headers: { Accept: '*/*' } });
    expect([json.status, json.headers.get('Content-Type')]).toEqual([404, 'application/json']);
    const api = await service.app.request('/api/nothing', { headers: HTML });
    expect([api.status, api.headers.get('Content-Type')]).toEqual([404, 'application/json']);
  });

  test('keeps the headers of a fault', async () => {
    const answer = await service.app.request('/logout', { headers: HTML });
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'POST']);
    expect(answer.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  });

  test('has a policy that lets nothing in that is not ours', async () => {
    const policy = (await service.app.request('/login')).headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test('of roles that see nothing says so', async () => {
    const answer = await service.app.request('/', { headers: { ...HTML, Cookie: await cookie('nil') } });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('do not allow reading jobs');
  });

  test('with AUTH=none is for everybody on this machine', async () => {
    const open = await testApp({ settings: { AUTH: 'none' } });
    expect((await open.app.request('http://localhost/')).status).toBe(200);
    expect((await open.app.request('http://jobs.example/')).status).toBe(401);
    await open.close();
  });
});

describe('what pages load', () => {
  const addresses = async () => {
    const page = await (await service.app.request('/login')).text();
    return [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, address = '']) => address);
  };

  test('may be kept for ever, under an address that its content gives it', async () => {
    for (const address of await addresses()) {
      const { status, headers } = await service.app.request(address);
      expect([status, headers.get('Cache-Control')], address).toEqual([200, 'public, max-age=31536000, immutable']);
      const old = await service.app.request(address.replace(/[0-9a-f]{16}/, '0'.repeat(16)));
      expect([old.status, old.headers.get('Cache-Control')], address).toEqual([200, 'no-cache']);
    }
  });

  test('is nothing else', async () => {
    expect((await service.app.request('/assets/x/settings.ts')).status).toBe(404);
    expect((await service.app.request('/assets/x/..%2Fapp.ts')).status).toBe(404);
  });
});
