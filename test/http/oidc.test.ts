import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/deadline.ts';
import { LOGIN_FAILURES, type LoginFailureKind } from '../../src/http/auth/login-failures.ts';
import { userOfClaims } from '../../src/http/auth/oidc/claims.ts';
import { Refreshed } from '../../src/http/auth/oidc/refreshed.ts';
import type { OidcStatus, SystemState } from '../../src/system-state.ts';
import { ACCOUNTS } from '../support/accounts.ts';
import { type HostileProvider, hostileProvider, signingKey } from '../support/hostile-provider.ts';
import { CLIENT, type RealProvider, realProvider } from '../support/real-provider.ts';
import { Browser, PUBLIC_URL } from '../support/sign-on.ts';
import { bodyOf, job, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

const CALLBACK = `${PUBLIC_URL}/oidc-callback`;
/** A key that the misbehaving provider does not publish at first. */
const second = await signingKey('second');
const JOBS = [job({ user: 'ada' }), job({ jobId: 2, user: 'bob', project: 'p2' }), job({ jobId: 3, user: 'eve' })];

/** The service at a provider. The library reads the system clock, so the service does so too. */
async function serviceAt(url: string, settings: TestAppOptions['settings'] = {}, skewSec = () => 0): Promise<TestApp> {
  return await testApp({
    sql: ACCOUNTS,
    jobs: JOBS,
    settings: {
      PUBLIC_URL,
      OIDC_PROVIDER: url,
      OID_CLIENT_ID: CLIENT.id,
      OID_CLIENT_SECRET: CLIENT.secret,
      ...settings,
    },
    service: () => ({ clock: () => Date.now() / 1000 + skewSec() }),
  });
}

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

describe('single sign-on at a provider that misbehaves', () => {
  let provider: HostileProvider;
  let service: TestApp;
  let skewSec = 0;
  beforeEach(async () => {
    skewSec = 0;
    provider = await hostileProvider();
    service = await serviceAt(provider.url, {}, () => skewSec);
  });
  afterEach(async () => {
    await service.close();
    await provider.close();
  });

  /** The address to which the provider would lead back after this answer of the service. */
  function callback(answer: Response): URL {
    const query = new URL(answer.headers.get('Location') ?? '').searchParams;
    provider.nonce = query.get('nonce') ?? '';
    return new URL(`${CALLBACK}?${new URLSearchParams({ code: 'c', state: query.get('state') ?? '' })}`);
  }

  const begun = async (browser: Browser) => callback(await browser.send('/oidc-login'));

  /** The answer to the callback, or to the beginning of a login if that fails. */
  async function logIn(browser = new Browser(service)): Promise<Response> {
    const first = await browser.send('/oidc-login');
    return first.status === 302 ? await browser.send(callback(first).href) : first;
  }

  const nowSec = Math.floor(Date.now() / 1000);
  const changed = (change: (url: URL) => void) => async () => {
    const browser = new Browser(service);
    const url = await begun(browser);
    change(url);
    return await browser.send(url.href);
  };
  const withClaims = (claims: Record<string, unknown>) => () => {
    provider.claims = claims;
    return logIn();
  };
  const withAnswer = (path: string, answer: HostileProvider['answers'][string]) => () => {
    provider.answers[path] = answer;
    return logIn();
  };
  /** The same with a time limit of requests that leaves the provider a second for an answer. */
  const soon = (fail: () => Promise<Response>) => async () => {
    await service.close();
    service = await serviceAt(provider.url, { REQUEST_TIMEOUT_MS: '2000' });
    return await fail();
  };
  const DISCOVERY = '/.well-known/openid-configuration';

  const FAILURES: readonly [string, LoginFailureKind, RegExp, () => Promise<Response>][] = [
    ['the provider is down', 'provider-unreachable', /ECONNREFUSED/, () => provider.close().then(() => logIn())],
    [
      'discovery never answers',
      'provider-unreachable',
      /openid-configuration: no answer within 1000 ms/,
      soon(withAnswer(DISCOVERY, () => {})),
    ],
    [
      'discovery hangs up',
      'provider-unreachable',
      /openid-configuration: /,
      withAnswer(DISCOVERY, (_, { socket }) => void socket.destroy()),
    ],
    [
      'the token endpoint stops within its answer',
      'provider-unreachable',
      /token: no answer within 1000 ms/,
      soon(
        withAnswer(
          '/token',
          (response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).write('{'),
        ),
      ),
    ],
    [
      'discovery is not found',
      'provider-invalid',
      /status code/,
      withAnswer(DISCOVERY, (response) => void response.writeHead(404).end()),
    ],
    [
      'discovery redirects',
      'provider-invalid',
      /status code/,
      withAnswer(DISCOVERY, (response) => void response.writeHead(302, { Location: '/keys' }).end()),
    ],
    [
      'discovery is no JSON',
      'provider-invalid',
      /pars/,
      withAnswer(
        DISCOVERY,
        (response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end('secret{'),
      ),
    ],
    [
      'discovery is of another issuer',
      'provider-invalid',
      /issuer does not match/,
      () => {
        provider.metadata['issuer'] = 'https://another.example';
        return logIn();
      },
    ],
    [
      'discovery is huge',
      'provider-invalid',
      /more than 256 KB/,
      withAnswer(DISCOVERY, (response) => void response.writeHead(200).end('x'.repeat(300 * 1024))),
    ],
    [
      'the token answer is huge',
      'provider-invalid',
      /token: an answer of more than 256 KB/,
      withAnswer('/token', (response) => void response.writeHead(200).end('x'.repeat(300 * 1024))),
    ],
    [
      'the keys cannot be read',
      'provider-invalid',
      /status code/,
      withAnswer('/keys', (response) => void response.writeHead(500).end()),
    ],
    [
      'the service is not known',
      'provider-refuses-service',
      /token endpoint: (invalid_client|status 401)/,
      withAnswer('/token', (response, request) => provider.json({ error: 'invalid_client' }, 401)(response, request)),
    ],
    [
      'the login was started in another browser',
      'login-not-started',
      /no cookie/,
      async () => await new Browser(service).send((await begun(new Browser(service))).href),
    ],
    [
      'the login took too long',
      'login-not-started',
      /too old/,
      async () => {
        const browser = new Browser(service);
        const url = await begun(browser);
        skewSec = 600;
        return await browser.send(url.href);
      },
    ],
    [
      'the cookie was changed',
      'login-not-started',
      /no cookie/,
      async () => {
        const first = await service.app.request('/oidc-login');
        const [, value = ''] = /ccjobs_oidc=([\w-]+)/.exec(first.headers.get('Set-Cookie') ?? '') ?? [];
        const Cookie = `ccjobs_oidc=${value.slice(0, 20)}${value[20] === 'A' ? 'B' : 'A'}${value.slice(21)}`;
        return await service.app.request('/oidc-callback?code=c&state=s', { headers: { Cookie } });
      },
    ],
    [
      'the state is of another login',
      'login-not-started',
      /state/,
      changed((url) => url.searchParams.set('state', 'x')),
    ],
    ['there is no state', 'login-not-started', /state/, changed((url) => url.searchParams.delete('state'))],
    [
      'the user refuses',
      'login-refused',
      /access_denied/,
      changed((url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'access_denied');
      }),
    ],
    [
      'the provider fails',
      'login-incomplete',
      /the provider: server_error/,
      changed((url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'server_error');
      }),
    ],
    [
      'the error is no code of the standard',
      'login-incomplete',
      /an invalid error code/,
      changed((url) => url.searchParams.set('error', '<script>\n{"level":60}')),
    ],
    [
      'the code was used before',
      'code-refused',
      /invalid_grant/,
      withAnswer('/token', (response, request) => provider.json({ error: 'invalid_grant' }, 400)(response, request)),
    ],
    ['there is no code', 'id-token-invalid', /./, changed((url) => url.searchParams.delete('code'))],
    [
      'the answer names another issuer',
      'id-token-invalid',
      /"iss"/,
      changed((url) => url.searchParams.set('iss', 'https://another.example')),
    ],
    ['the ID token has expired', 'id-token-invalid', /"exp"/, withClaims({ exp: nowSec - 60 })],
    ['the ID token is not valid yet', 'id-token-invalid', /"nbf"/, withClaims({ nbf: nowSec + 3_600 })],
    ['the ID token is for another client', 'id-token-invalid', /"aud"/, withClaims({ aud: 'another' })],
    [
      'the ID token is for another client too',
      'id-token-invalid',
      /"aud"/,
      withClaims({ aud: ['cc-jobs', 'another'] }),
    ],
    ['the ID token is of another issuer', 'id-token-invalid', /"iss"/, withClaims({ iss: 'https://another.example' })],
    ['the ID token is of another login', 'id-token-invalid', /"nonce"/, withClaims({ nonce: 'of another login' })],
    ['the ID token has no nonce', 'id-token-invalid', /"nonce"/, withClaims({ nonce: undefined })],
    ['the ID token has no subject', 'id-token-invalid', /"sub"/, withClaims({ sub: undefined })],
    [
      'the ID token is not signed',
      'id-token-invalid',
      /./,
      () => {
        provider.key = undefined;
        provider.metadata['id_token_signing_alg_values_supported'] = ['ES256', 'none'];
        return logIn();
      },
    ],
    [
      'the ID token is signed with a secret, for which the public key could be taken',
      'id-token-invalid',
      /./,
      () => {
        provider.header = { alg: 'HS256' };
        provider.metadata['id_token_signing_alg_values_supported'] = ['ES256', 'HS256'];
        return logIn();
      },
    ],
    [
      'the ID token is signed with a key that is not published',
      'id-token-invalid',
      /key/,
      () => {
        provider.key = second;
        return logIn();
      },
    ],
    [
      'the ID token is signed with another key of the same name',
      'id-token-invalid',
      /signature/,
      () => {
        provider.key = { ...second, kid: 'first' };
        return logIn();
      },
    ],
    [
      'there is no ID token',
      'id-token-invalid',
      /id_token/,
      withAnswer('/token', (response, request) =>
        provider.json({ access_token: 'x', token_type: 'Bearer' })(response, request),
      ),
    ],
    [
      'the user has no name',
      'user-name-invalid',
      /no claim preferred_username/,
      withClaims({ preferred_username: '' }),
    ],
    ['the name is too long', 'user-name-invalid', /100 bytes/, withClaims({ preferred_username: 'ä'.repeat(51) })],
    ['the name breaks a line', 'user-name-invalid', /control characters/, withClaims({ preferred_username: 'a\nb' })],
  ];

  test.each(FAILURES)('%s: the page and the log say so', async (_, kind, detail, fail) => {
    const answer = await fail();
    const { code, page } = LOGIN_FAILURES[kind];
    expect(await answer.text()).toContain(page);
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
      code === 'unauthorized' ? 401 : 503,
      'text/html; charset=utf-8',
    ]);
    expect(answer.headers.getSetCookie().filter((line) => line.startsWith('session='))).toEqual([]);
    const lines = service.lines.filter(({ message }) => message === 'login failed');
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'login failed',
        fields: { requestId: expect.any(String), failure: kind, detail: expect.stringMatching(detail) },
      },
    ]);
    expect(JSON.stringify(service.lines)).not.toContain(CLIENT.secret);
  });

  /** What /api/system says of the provider. */
  async function shown(): Promise<OidcStatus | undefined> {
    const answer = await service.get('/api/system', 'root', 'admin', 'api');
    const text = await answer.text();
    expect(text).not.toContain(CLIENT.secret);
    return (JSON.parse(text) as SystemState).signOn?.oidc;
  }

  test('a valid login at the same provider succeeds, also after its keys have changed', async () => {
    const issuer = new URL(provider.url).host;
    expect(await shown()).toEqual({ issuer, discovery: {}, keys: {} });
    expect((await logIn()).status).toBe(302);
    const ok = { lastOkAt: expect.closeTo(nowSec, -2) };
    expect(await shown()).toEqual({ issuer, discovery: ok, keys: ok });
    provider.answers['/keys'] = (response) => void response.writeHead(500).end();
    await logIn();
    const lastFailure = { at: expect.closeTo(nowSec, -2), reason: expect.stringMatching(/^provider-invalid: .*500/) };
    expect(await shown()).toEqual({ issuer, discovery: ok, keys: { ...ok, lastFailure } });
    delete provider.answers['/keys'];
    provider.key = second;
    provider.keys = [second];
    expect((await logIn()).status).toBe(302);
  });

  test('a provider that was down is asked again, and passwords work meanwhile', async () => {
    provider.answers[DISCOVERY] = (response) => void response.writeHead(503).end();
    const page = await new Browser(service).send('/oidc-login');
    expect([page.status, page.headers.get('Retry-After')]).toEqual([503, '5']);
    expect(await page.text()).toContain('name="password"');
    await Promise.all([1, 2, 3].map(() => new Browser(service).send('/oidc-login')));
    expect(provider.asked).toEqual([DISCOVERY]); // not by each of them
    expect(await shown()).toMatchObject({
      discovery: { lastFailure: { reason: expect.stringMatching(/^provider-invalid: /) } },
    });
    delete provider.answers[DISCOVERY];
    await expect.poll(async () => (await new Browser(service).send('/oidc-login')).status).toBe(302);
  });

  test('the endpoints are read once for many logins', async () => {
    await Promise.all([1, 2, 3].map(() => new Browser(service).send('/oidc-login')));
    expect(provider.asked).toEqual([DISCOVERY]);
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

describe('the claims', () => {
  const OPTIONS = { usernameClaim: 'preferred_username', roleClient: '*' };
  const user = (claims: object, options = {}) =>
    userOfClaims({ preferred_username: 'ada', ...claims }, { ...OPTIONS, ...options });

  test('of other types count as missing', () => {
    const odd = {
      name: 7,
      email: [],
      projects: 'p1',
      realm_access: 'admin',
      resource_access: { a: ['admin'], b: null },
    };
    expect(user(odd)).toEqual({ username: 'ada', name: undefined, email: undefined, roles: ['user'], projects: [] });
  });

  test('give the roles of one client, if that is set', () => {
    const claims = { resource_access: { 'cc-jobs': { roles: ['manager'] }, wiki: { roles: ['admin'] } } };
    expect(user(claims).roles).toEqual(['manager', 'admin']);
    expect(user(claims, { roleClient: 'cc-jobs' }).roles).toEqual(['manager']);
    expect(user({ ...claims, realm_access: { roles: ['support'] } }, { roleClient: 'x' }).roles).toEqual(['support']);
  });

  test('give the user name of the claim that is set', () => {
    expect(user({ uid: 'ab12' }, { usernameClaim: 'uid' }).username).toBe('ab12');
  });

  test('are stored within the bounds of an account', () => {
    const projects = ['x'.repeat(256), ...Array.from({ length: 1_001 }, (_, n) => `p${n}`)];
    const bounded = user({ name: 'n'.repeat(300), realm_access: { roles: ['manager'] }, projects });
    expect([bounded.name?.length, bounded.projects.length, bounded.projects[0]]).toEqual([255, 1_000, 'p0']);
  });
});

test('a value of another server is used while it is fresh, and a failure for a moment', async () => {
  let now = 0;
  let calls = 0;
  let fails = false;
  const fetch = async () => {
    calls += 1;
    if (fails) throw new Error(`failure ${calls}`);
    return calls;
  };
  const value = new Refreshed({ fetch, freshMs: 100, retryMs: 10, sharesWait: true, now: () => now });
  expect([await value.get(), await value.get()]).toEqual([1, 1]);
  now = 100;
  fails = true;
  await expect(value.get()).rejects.toThrow('failure 2'); // the old value is not used
  now = 109;
  await expect(value.get()).rejects.toThrow('failure 2');
  now = 110;
  fails = false;
  expect(await value.get()).toBe(3);
});
