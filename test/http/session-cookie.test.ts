/** Logging in with a password, and the session of its cookie. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, LOGIN_KEY, sendLogin } from '../support/login.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

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

  test.each([
    ['https://jobs.example', true],
    ['http://jobs.example', false],
  ])('behind a proxy at %s that is not trusted: a cookie for TLS alone is %j', async (url, isSecure) => {
    const proxied = await testApp({ sql: ACCOUNTS, settings: { PUBLIC_URL: url } });
    onTestFinished(() => proxied.close());
    const cookies = [await sendLogin(proxied, { username: 'sue', password: PASSWORD })];
    cookies.push(await proxied.app.request('/logout', { method: 'POST' }));
    for (const { headers } of cookies) {
      expect(headers.get('Set-Cookie')).toMatch(/^session=/);
      expect(headers.get('Set-Cookie')?.includes('; Secure')).toBe(isSecure);
    }
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
