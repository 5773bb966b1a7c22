/** Logging in with a token of another site. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, LOGIN_KEY, loginToken, sendLogin, signedToken } from '../support/login.ts';
import { bodyOf, job, keys, NOW, otherKeys, type TestApp, testApp } from '../support/test-app.ts';

describe('a login token', () => {
  let service: TestApp;
  let now = NOW;
  beforeAll(async () => {
    service = await testApp({
      sql: ACCOUNTS,
      jobs: [job({ user: 'ada' }), job({ jobId: 2, user: 'eve', project: 'p3' })],
      settings: { CROSS_LOGIN_JWT_HS512_KEY: LOGIN_KEY },
      service: () => ({ clock: () => now }),
    });
  });
  afterAll(() => service.close());

  /** The clock advances, so that the limit of logins does not apply. */
  const logIn = async (token: string, by: 'query' | 'header' = 'query') => {
    now += 900;
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
