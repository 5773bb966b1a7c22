/** Single sign-on at a provider that misbehaves. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOGIN_FAILURES, type LoginFailureKind } from '../../src/http/auth/external-login-failures.ts';
import type { OidcStatus, SystemState } from '../../src/system-state-types.ts';
import { type HostileProvider, hostileProvider, signingKey } from '../support/hostile-provider.ts';
import { CLIENT } from '../support/real-provider.ts';
import { Browser, PUBLIC_URL, serviceAt } from '../support/sign-on.ts';
import type { TestApp } from '../support/test-app.ts';

const CALLBACK = `${PUBLIC_URL}/oidc-callback`;
/** A key that the provider does not publish at first. */
const second = await signingKey('second');

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
  ['the state is of another login', 'login-not-started', /state/, changed((url) => url.searchParams.set('state', 'x'))],
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
  ['the ID token is for another client too', 'id-token-invalid', /"aud"/, withClaims({ aud: ['cc-jobs', 'another'] })],
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
  ['the user has no name', 'user-name-invalid', /no claim preferred_username/, withClaims({ preferred_username: '' })],
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
