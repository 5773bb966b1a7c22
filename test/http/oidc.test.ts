/** Single sign-on at a real provider, and without one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/deadline.ts';
import { LOGIN_FAILURES } from '../../src/http/auth/external-login-failures.ts';
import { ACCOUNTS } from '../support/accounts.ts';
import { CLIENT, type RealProvider, realProvider } from '../support/real-provider.ts';
import { Browser, PUBLIC_URL, serviceAt } from '../support/sign-on.ts';
import { bodyOf, type TestApp, testApp } from '../support/test-app.ts';

const CALLBACK = `${PUBLIC_URL}/oidc-callback`;

describe('single sign-on at a real provider', () => {
  let provider: RealProvider;
  let service: TestApp;
  beforeAll(async () => {
    provider = await realProvider(CALLBACK, `${PUBLIC_URL}/login`);
  });
  afterAll(() => provider.close());
  beforeEach(() => {
    provider.users = {};
  });
  afterEach(() => service.close());

  /** Logs a user of the provider in, in a new browser. */
  async function logIn(name: string, claims: Record<string, unknown> = {}, path = '/oidc-login') {
    provider.visitor = name;
    provider.users[name] = claims;
    const browser = new Browser(service);
    const { answer, url } = await browser.open(path);
    const count = async () => {
      const counted = await browser.send('/api/jobs/count', { headers: { 'X-Requested-With': 'cc-jobs' } });
      return counted.status === 200 ? (await bodyOf<{ count: number }>(counted)).count : counted.status;
    };
    return { browser, answer, url, count };
  }
  const account = async (name: string) =>
    (
      await service.query(
        `SELECT name, email, CAST(roles AS TEXT) AS roles, CAST(projects AS TEXT) AS projects, ldap, password FROM hpc_user WHERE username = '${name}'`,
      )
    )[0];

  test('leads from the login page through the provider to the page that the user wanted', async () => {
    service = await serviceAt(provider.url);
    const page = await (await service.app.request('/login?redirect=%2Fjobs%3Fuser%3Dada')).text();
    const [, button = ''] = /<a class="button" href="([^"]*)"/.exec(page) ?? [];
    expect(button).toBe(`${PUBLIC_URL}/oidc-login?redirect=%2Fjobs%3Fuser%3Dada`);
    const { browser, answer, url, count } = await logIn('ada', {}, button);
    expect([answer.status, url, await count()]).toEqual([200, `${PUBLIC_URL}/jobs?user=ada`, 1]);
    expect(browser.cookies()).toEqual(['session']); // that of the login is gone
    expect(service.lines).toContainEqual(
      expect.objectContaining({
        message: 'logged in',
        fields: expect.objectContaining({ user: 'ada', roles: ['user'], by: 'oidc' }),
      }),
    );
    expect(JSON.stringify(service.lines)).not.toMatch(/secret|code=|state=|eyJ/);
  });

  test('sends the code with PKCE, a state and a nonce, and binds them to the browser', async () => {
    service = await serviceAt(provider.url);
    const answer = await service.app.request('/oidc-login');
    const query = new URL(answer.headers.get('Location') ?? '').searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)?.length).toBeGreaterThan(40);
    const [, value = ''] =
      /^ccjobs_oidc=([\w-]+); Max-Age=600; Path=\/oidc-callback; HttpOnly; SameSite=Lax$/.exec(
        answer.headers.get('Set-Cookie') ?? '',
      ) ?? [];
    expect(atob(value.replaceAll('-', '+').replaceAll('_', '/'))).not.toContain(query.get('state'));
  });

  test('over TLS, the cookie is for TLS alone, whatever the proxy says', async () => {
    service = await serviceAt(provider.url, { PUBLIC_URL: 'https://jobs.example' });
    const answer = await service.app.request('/oidc-login');
    expect(answer.headers.get('Set-Cookie')).toContain('; Secure');
  });

  test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'never leads out of the site: %j',
    async (redirect) => {
      service = await serviceAt(provider.url);
      const { url } = await logIn('ada', {}, `/oidc-login?${new URLSearchParams({ redirect })}`);
      expect(url).toBe(`${PUBLIC_URL}/`);
    },
  );

  test('an address that fits into no cookie is forgotten', async () => {
    service = await serviceAt(provider.url);
    const { url } = await logIn('ada', {}, `/oidc-login?redirect=/jobs%3Fuser%3D${'a'.repeat(5_000)}`);
    expect(url).toBe(`${PUBLIC_URL}/`);
  });

  test('gives the roles of the realm and of clients, and the projects of a manager', async () => {
    service = await serviceAt(provider.url);
    // ada sees her job; max his own (none) and that of the project p2; sue, as support, all three.
    expect(await (await logIn('ada', { realm_access: { roles: ['nonsense'] } })).count()).toBe(1);
    const manager = { resource_access: { 'cc-jobs': { roles: ['manager', 'api'] } }, projects: ['p2', 7] };
    expect(await (await logIn('max', manager)).count()).toBe(1);
    expect(await (await logIn('zoe', { realm_access: { roles: ['support'] } })).count()).toBe(3);
    // An admin of another program of the organisation is none here.
    expect(await (await logIn('max', { resource_access: { wiki: { roles: ['admin'] } } })).count()).toBe(0);
  });

  test('without OIDC_SYNC_USER and OIDC_UPDATE_USER, no account is changed', async () => {
    service = await serviceAt(provider.url);
    const before = await service.query('SELECT * FROM hpc_user');
    await logIn('zoe', { realm_access: { roles: ['support'] } });
    await logIn('ada', { name: 'Another Name' });
    expect(await service.query('SELECT * FROM hpc_user')).toEqual(before);
  });

  test('creates and changes accounts, where that is set', async () => {
    service = await serviceAt(provider.url, { OIDC_SYNC_USER: 'on', OIDC_UPDATE_USER: 'on' });
    const described = { name: 'Zoe Z.', email: 'zoe@example.org', realm_access: { roles: ['manager', 'user'] } };
    await logIn('zoe', { ...described, projects: ['p2', 'p2', ''] });
    expect(await account('zoe')).toEqual({
      name: 'Zoe Z.',
      email: 'zoe@example.org',
      roles: '["user","manager"]',
      projects: '["p2"]',
      ldap: 3,
      password: null,
    });
    await logIn('zoe', { realm_access: { roles: ['user'] }, projects: ['p2'] });
    expect(await account('zoe')).toMatchObject({ name: 'Zoe Z.', roles: '["user"]', projects: '[]' }); // no manager: no projects
    const { password } = (await account('ada')) ?? {};
    await logIn('ada', { name: 'Ada B.' });
    expect(await account('ada')).toMatchObject({ name: 'Ada B.', ldap: 0, password });
  });

  test('a right that the account loses is lost at once, and without its account the session ends', async () => {
    service = await serviceAt(provider.url, { OIDC_SYNC_USER: 'on', OIDC_UPDATE_USER: 'on' });
    const { count } = await logIn('zoe', { realm_access: { roles: ['support', 'user'] } });
    expect(await count()).toBe(3);
    await logIn('zoe', { realm_access: { roles: ['user'] } }); // elsewhere: the provider took the role away
    expect(await count()).toBe(0);
    await service.db.write('deleteAccount', { username: 'zoe' }, startDeadline(30_000));
    expect(await count()).toBe(401);
  });

  test('a user with an account has only the rights that it has too, also if accounts are not changed', async () => {
    service = await serviceAt(provider.url);
    expect(await (await logIn('ada', { realm_access: { roles: ['support', 'user'] } })).count()).toBe(1);
  });

  test('with JWT_VALIDATE_USER an account is required, and its rights count', async () => {
    service = await serviceAt(provider.url, { JWT_VALIDATE_USER: 'on' });
    const stranger = await logIn('zoe', { realm_access: { roles: ['admin'] } });
    expect([stranger.answer.status, await stranger.answer.text()]).toEqual([
      401,
      expect.stringContaining('This user has no account here.'),
    ]);
    expect(await (await logIn('sue')).count()).toBe(3); // her account is of support
    expect(await (await logIn('ada', { realm_access: { roles: ['admin'] } })).count()).toBe(1);
  });

  test('logging out ends the session here, and leads to the logout of the provider', async () => {
    service = await serviceAt(provider.url);
    const { browser } = await logIn('ada');
    const page = await (await browser.send('/logout', { method: 'POST' })).text();
    expect(page).toContain('<a href="/oidc-logout">');
    expect((await browser.send('/')).status).toBe(401);
    const { answer, url } = await browser.open('/oidc-logout');
    expect([answer.status, new URL(url).origin]).toEqual([200, provider.url]);
    const { searchParams } = new URL(url);
    expect([searchParams.get('client_id'), searchParams.get('post_logout_redirect_uri')]).toEqual([
      CLIENT.id,
      `${PUBLIC_URL}/login`,
    ]);
    expect(await answer.text()).toContain('sign-out'); // the page of the provider, which accepted the address
  });

  test('the page after logging out is the usual one for other sessions', async () => {
    service = await serviceAt(provider.url);
    expect(await (await service.app.request('/logout', { method: 'POST' })).text()).not.toContain('oidc-logout');
  });

  test('a user who refuses at the provider is told so', async () => {
    service = await serviceAt(provider.url);
    provider.visitor = undefined;
    const { answer } = await new Browser(service).open('/oidc-login');
    expect([answer.status, await answer.text()]).toEqual([
      401,
      expect.stringContaining(LOGIN_FAILURES['login-refused'].page),
    ]);
  });

  test('a code counts once', async () => {
    service = await serviceAt(provider.url);
    provider.visitor = 'ada';
    const browser = new Browser(service);
    const { url } = await browser.open('/oidc-login', /^http:..jobs.example.oidc-callback/);
    expect((await browser.send(url)).status).toBe(302);
    const again = await browser.send(url); // the cookie of the login is gone
    expect([again.status, await again.text()]).toEqual([401, expect.stringContaining('not started in this browser')]);
  });

  test('with a wrong secret says that the service is not set up correctly', async () => {
    service = await serviceAt(provider.url, { OID_CLIENT_SECRET: 'another one' });
    const { answer } = await logIn('ada');
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining(LOGIN_FAILURES['provider-refuses-service'].page),
    ]);
    expect(service.lines).toContainEqual(
      expect.objectContaining({
        message: 'login failed',
        fields: expect.objectContaining({ failure: 'provider-refuses-service' }),
      }),
    );
    expect(JSON.stringify(service.lines)).not.toContain('another one');
  });
});

test('without OIDC_PROVIDER there are neither the addresses nor the button', async () => {
  const service = await testApp({ sql: ACCOUNTS, settings: { OID_CLIENT_ID: 'left from cc-backend' } });
  for (const path of ['/oidc-login', '/oidc-callback', '/oidc-logout']) {
    expect((await service.app.request(path)).status, path).toBe(404);
  }
  expect(await (await service.app.request('/login')).text()).not.toContain('single sign-on');
  await service.close();
});

test('in a Worker without SESSION_KEY single sign-on is off, and says so', async () => {
  const service = await testApp({
    settings: { PUBLIC_URL, OIDC_PROVIDER: 'https://unused.example', OID_CLIENT_ID: 'x' },
    service: () => ({ sessionKey: undefined }),
  });
  const answer = await service.app.request('/oidc-callback');
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('SESSION_KEY')]);
  await service.close();
});
