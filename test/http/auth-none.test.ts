import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeListener } from '../../src/nodejs/node-listener.ts';
import { routesOf } from '../support/routes.ts';
import { faultIn, type TestApp, testApp } from '../support/test-app.ts';

const HOST = 'http://127.0.0.1:8080';
const FOREIGN: readonly Record<string, string>[] = [
  { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
  { Origin: 'http://evil.example' }, // an old browser, or a page over plain HTTP
  { Origin: 'null' }, // a sandboxed page, or a file
  { Origin: 'http://127.0.0.1:3000', 'Sec-Fetch-Site': 'same-site' }, // another port of this machine
  { Origin: 'http://127.0.0.1:3000' },
  { Origin: 'https://127.0.0.1:8080' },
  { 'Sec-Fetch-Site': 'cross-site' }, // an image, a script, a link
  { 'Sec-Fetch-Site': 'same-site' },
  { 'Sec-Fetch-Site': 'something new' },
];
const OWN: readonly Record<string, string>[] = [
  {}, // curl
  { 'Sec-Fetch-Site': 'none' }, // typed
  { 'Sec-Fetch-Site': 'same-origin', Origin: HOST },
  { Origin: HOST },
];
/** Headers that say nothing about the sender. */
const OPEN = /^\/(?:healthz$|assets\/)/;

let service: TestApp;
beforeAll(async () => {
  service = await testApp({ settings: { AUTH: 'none' } });
});
afterAll(() => service.close());

const routes = () =>
  routesOf(service, ['1'])
    .filter(({ path }) => !OPEN.test(path))
    .map(({ method, target }) => ({ method, url: `${HOST}${target}` }));

const send = (method: string, url: string, headers: Record<string, string>) =>
  service.app.request(url, { method, headers, ...(method === 'GET' || method === 'HEAD' ? {} : { body: '' }) });

describe('with AUTH=none', () => {
  test('there are routes to try', () => {
    const paths = routes().map(({ url }) => url.slice(HOST.length));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths).toEqual(
      expect.arrayContaining(['/', '/login', '/system', '/openapi.json', '/api/users/', '/api/jobs/']),
    );
  });

  test.each(FOREIGN)('no route answers a page that is not ours: %j', async (headers) => {
    for (const { method, url } of routes()) {
      const answer = await send(method, url, headers);
      expect(answer.headers.get('Access-Control-Allow-Origin'), url).toBeNull();
      expect(await faultIn(answer), `${method} ${url}`).toEqual([403, 'forbidden', 'cross-site request']);
    }
  });

  test.each(['HEAD', 'PROPFIND', 'OPTIONS'])('nor does %s, on any path', async (method) => {
    for (const path of ['/api/jobs/', '/', '/nothing']) {
      const answer = await service.app.request(`${HOST}${path}`, { method, headers: FOREIGN[0] ?? {} });
      expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')], path).toEqual([403, null]);
    }
  });

  test.each(OWN)('every route answers our own pages and programs: %j', async (headers) => {
    for (const { method, url } of routes().filter(({ url: { length } }) => length > HOST.length + 1)) {
      expect((await send(method, url, headers)).status, `${method} ${url}`).not.toBe(403);
    }
    expect((await send('GET', `${HOST}/api/jobs/`, headers)).status).toBe(200);
  });

  test('a preflight grants nothing', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': method };
      const answer = await service.app.request(`${HOST}/api/jobs/`, { method: 'OPTIONS', headers });
      const granted = [...answer.headers.keys()].filter((name) => name.startsWith('access-control'));
      expect([answer.status, granted]).toEqual([200, []]);
    }
  });

  test('health and what pages load stay open, and grant nothing', async () => {
    for (const path of ['/healthz', '/assets/0/style.css']) {
      const answer = await service.app.request(`${HOST}${path}`, { headers: FOREIGN[0] ?? {} });
      expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')], path).toEqual([200, null]);
    }
  });

  test('next to a proxy that ends TLS the scheme is the one of the client', async () => {
    const proxied = await testApp({ settings: { AUTH: 'none', TRUST_PROXY: 'on' } });
    const status = async (headers: Record<string, string>) =>
      (await proxied.app.request('http://localhost/api/jobs/', { headers })).status;
    const tls = { 'X-Forwarded-Proto': 'https' };
    expect(await status({ ...tls, Origin: 'https://localhost' })).toBe(200);
    expect(await status({ ...tls, Origin: 'http://localhost' })).toBe(403);
    expect(await status({ Origin: 'http://localhost' })).toBe(200);
    await proxied.close();
  });
});

test('over IPv6 the rules are the same', async () => {
  const server = createServer({ requireHostHeader: false }, nodeListener(service.app.fetch, '[::1]'));
  server.listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (headers: Record<string, string>) => {
    const asked = request({
      host: '::1',
      port,
      path: '/api/jobs/',
      headers: { Host: `[::1]:${port}`, ...headers },
    }).end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    return [answer.statusCode, answer.headers['access-control-allow-origin']];
  };
  const own = `http://[::1]:${port}`;
  expect(await ask({})).toEqual([200, undefined]);
  expect(await ask({ Origin: own, 'Sec-Fetch-Site': 'same-origin' })).toEqual([200, undefined]);
  expect(await ask({ Origin: 'http://[::1]:1' })).toEqual([403, undefined]);
  expect(await ask({ Origin: own, 'Sec-Fetch-Site': 'cross-site' })).toEqual([403, undefined]);
  // A name that an attacker's DNS resolves to this machine.
  expect(await ask({ Host: 'evil.example' })).toEqual([401, undefined]);
  server.closeAllConnections();
  server.close();
});
