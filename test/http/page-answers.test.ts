/** What a page and the files that it loads are answered with. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const HTML = { Accept: 'text/html' };

let service: TestApp;
beforeAll(async () => {
  service = await testApp({ sql: ACCOUNTS, jobs: [job({ user: 'ada' })] });
});
afterAll(() => service.close());

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
    const cookie = cookieOf(await sendLogin(service, { username: 'nil', password: PASSWORD }));
    const answer = await service.app.request('/', { headers: { ...HTML, Cookie: cookie } });
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
