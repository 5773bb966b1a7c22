import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routesOf } from '../support/routes.ts';
import { faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
let trusting: TestApp;
beforeAll(async () => {
  service = await testApp({ jobs: [job()] });
  trusting = await testApp({ settings: { TRUST_PROXY: 'on' } });
});
afterAll(async () => {
  await service.close();
  await trusting.close();
});

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'content-security-policy': "frame-ancestors 'none'; object-src 'none'; base-uri 'self'",
};

describe('security headers', () => {
  test.each(['/healthz', '/api/jobs/', '/nothing', '/openapi.json'])('are on every answer: %s', async (path) => {
    const { headers } = await service.app.request(path);
    expect(Object.fromEntries(headers)).toMatchObject(SECURITY);
  });

  test('are those of the contract and no others', async () => {
    const { headers } = await service.app.request('/healthz');
    // cc-backend does not send Cache-Control.
    const names = [...headers.keys()].filter((name) => !(name in SECURITY));
    expect(names.sort()).toEqual(['cache-control', 'content-length', 'content-type', 'vary', 'x-request-id']);
  });

  test('keep every answer of every route and page out of caches', async () => {
    const tokens = [undefined, await service.token('ada', 'user', 'api'), await service.token('root', 'admin', 'api')];
    const statuses = new Set<number>();
    for (const { method, target } of routesOf(service, ['1', 'ada'])) {
      for (const token of tokens) {
        const headers = token === undefined ? {} : { 'X-Auth-Token': token };
        const answer = await service.app.request(target, { method, headers });
        expect(answer.headers.get('Cache-Control'), `${method} ${target}`).toBe('no-store');
        statuses.add(answer.status);
        await answer.body?.cancel();
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 403, 404, 422]));
  });

  test('hold HSTS over TLS only', async () => {
    const hsts = async (app: TestApp, url: string, headers = {}) =>
      (await app.app.request(url, { headers })).headers.get('Strict-Transport-Security');
    expect(await hsts(service, 'https://jobs.example/healthz')).toBe('max-age=31536000; includeSubDomains');
    expect(await hsts(service, '/healthz')).toBeNull();
    expect(await hsts(service, '/healthz', { 'X-Forwarded-Proto': 'https' })).toBeNull();
    expect(await hsts(trusting, '/healthz', { 'X-Forwarded-Proto': 'https' })).toBe(
      'max-age=31536000; includeSubDomains',
    );
  });
});

describe('a preflight', () => {
  const preflight = async (headers: Record<string, string>) => {
    const answer = await service.app.request('/api/jobs/', {
      method: 'OPTIONS',
      headers: { Origin: 'https://a.example', ...headers },
    });
    const { headers: answered } = answer;
    expect([answer.status, answered.get('X-Frame-Options')]).toEqual([200, null]);
    expect(answered.get('Vary')).toContain('Origin');
    return ['origin', 'methods', 'headers'].map((name) => answered.get(`Access-Control-Allow-${name}`));
  };

  test('grants the methods and headers of the contract to any origin', async () => {
    expect(
      await preflight({
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type, Authorization',
      }),
    ).toEqual(['*', 'POST', 'content-type, Authorization']);
    expect(await preflight({ 'Access-Control-Request-Method': 'GET' })).toEqual(['*', 'GET', null]);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])('refuses %s without the headers', async (method) => {
    expect(await preflight({ 'Access-Control-Request-Method': method })).toEqual([null, null, null]);
  });

  test('refuses X-Auth-Token', async () => {
    const wanted = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'X-Auth-Token' };
    expect(await preflight(wanted)).toEqual([null, null, null]);
  });
});

test('an answer to another origin may be read by it', async () => {
  const answer = await service.app.request('/healthz', { headers: { Origin: 'https://a.example' } });
  expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*');
  expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull();
  expect((await service.app.request('/healthz')).headers.get('Vary')).toContain('Origin');
});

describe('a cross-site request', () => {
  const send = (method: string, site: string) =>
    service.app.request('/api/jobs/1', { method, headers: { 'Sec-Fetch-Site': site } });

  test('that writes is refused before anybody asks for a token', async () => {
    expect(await faultIn(await send('POST', 'cross-site'))).toEqual([403, 'forbidden', 'cross-site request']);
  });

  test('that reads is not', async () => {
    expect((await send('GET', 'cross-site')).status).toBe(401);
  });

  test.each(['same-origin', 'same-site', 'none'])('is not one from %s', async (site) => {
    expect((await send('POST', site)).status).toBe(401);
  });
});

describe('compression', () => {
  const encoding = async (path: string, accepted: string) => {
    const answer = await service.app.request(path, { headers: { 'Accept-Encoding': accepted } });
    return answer.headers.get('Content-Encoding');
  };

  test('follows Accept-Encoding', async () => {
    expect(await encoding('/openapi.json', 'gzip, deflate')).toBe('gzip');
    expect(await encoding('/openapi.json', 'deflate')).toBe('deflate');
    expect(await encoding('/openapi.json', 'br')).toBeNull();
    expect(await encoding('/openapi.json', 'gzip;q=0')).toBeNull();
  });

  test('leaves tiny answers alone', async () => {
    expect(await encoding('/healthz', 'gzip')).toBeNull();
  });

  test('answers what it would answer without', async () => {
    const plain = await (await service.app.request('/openapi.json')).text();
    const zipped = await service.app.request('/openapi.json', { headers: { 'Accept-Encoding': 'gzip' } });
    const stream = zipped.body?.pipeThrough(new DecompressionStream('gzip'));
    expect(await new Response(stream).text()).toBe(plain);
  });
});

test('a request id is taken over when it is one, and made otherwise', async () => {
  const idOf = async (id: string) =>
    (await service.app.request('/healthz', { headers: { 'X-Request-Id': id } })).headers.get('X-Request-Id');
  expect(await idOf('abc-1')).toBe('abc-1');
  expect(await idOf('a b"')).toMatch(/^[0-9a-f-]{36}$/);
});
