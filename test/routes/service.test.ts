import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, keys, SIZING, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeEach(async () => {
  service = await testApp({ settings: { JWT_PRIVATE_KEY: keys.privateKey } });
});
afterEach(() => service.close());

describe('GET /healthz', () => {
  test('is well without a token', async () => {
    const answer = await service.app.request('/healthz');
    expect([answer.status, await bodyOf(answer)]).toEqual([200, { status: 'ok' }]);
  });

  test('is a 200 that gives the reasons when the service is degraded, as /api/system and /system do', async () => {
    await service.close();
    service = await testApp({
      service: ({ db }) => ({
        db: { ...db, status: () => ({ ...db.status(), degraded: ['the disk is full'] }) },
        degraded: () => ['the last check found damage'],
      }),
    });
    const answer = await service.app.request('/healthz');
    expect([answer.status, await bodyOf(answer)]).toEqual([
      200,
      { status: 'degraded', reason: 'the disk is full; the last check found damage' },
    ]);
    const system = await service.get('/api/system', 'root', 'admin', 'api');
    expect(await bodyOf(system)).toMatchObject({ degraded: ['the disk is full', 'the last check found damage'] });
    const page = await service.get('/system', 'root', 'admin');
    expect(await page.text()).toContain('⚠ the disk is full; the last check found damage');
  });

  test.each([
    [undefined, 'no database connection has responded for a second', 'not responding'],
    ['the file was replaced', 'the file was replaced', 'the file was replaced'],
  ])('is a 503 when nothing answers, with the reason %j, and asks nobody', async (notAliveBecause, message, onPage) => {
    await service.close();
    service = await testApp({
      service: ({ db }) => ({ db: { ...db, status: () => ({ ...db.status(), alive: false, notAliveBecause }) } }),
    });
    expect(await faultIn(await service.app.request('/healthz'))).toEqual([503, 'connection_lost', message]);
    expect(await (await service.get('/system', 'root', 'admin')).text()).toContain(`✕ ${onPage}`);
  });
});

describe('GET /api/system', () => {
  test('shows settings, database and what the entry adds to an admin', async () => {
    const body = await bodyOf<Record<string, Record<string, unknown>>>(
      await service.get('/api/system', 'root', 'admin', 'api'),
    );
    expect(body['settings']).toMatchObject({ PORT: 8080, REQUEST_TIMEOUT_MS: 30_000 });
    expect(body['database']).toMatchObject({ alive: true, queued: 0, processes: [] });
    expect(body['sizing']).toEqual(SIZING);
  });

  test('shows no secret', async () => {
    const text = await (await service.get('/api/system', 'root', 'admin', 'api')).text();
    expect(text).not.toContain(keys.privateKey);
  });

  test('is for admins', async () => {
    expect(await faultIn(await service.get('/api/system'))).toEqual([403, 'forbidden', 'missing role: admin']);
  });
});

describe('GET /api/clusters/', () => {
  const clusters = async (query = '') =>
    await bodyOf<{ clusters: { name: string }[] }>(await service.get(`/api/clusters/${query}`));

  test('has the configured clusters, or the one asked for', async () => {
    expect((await clusters()).clusters.map(({ name }) => name)).toEqual(['small']);
    expect((await clusters('?cluster=small')).clusters).toHaveLength(1);
  });

  test.each(['?cluster=', '?cluster=other', '?cluster=small&cluster=small'])('refuses %s', async (query) => {
    const [status, code, error] = await faultIn(await service.get(`/api/clusters/${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain('cluster');
  });
});

describe('GET /openapi.json', () => {
  test('documents every route, without a token', async () => {
    const answer = await service.app.request('/openapi.json');
    const { openapi, paths } = await bodyOf<{ openapi: string; paths: Record<string, object> }>(answer);
    expect(openapi).toBe('3.1.0');
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const forPrograms = /^POST \/query$|^\w+ \/(api|userapi|healthz|openapi\.json)(\/|$)/; // the pages are for people
    const mounted = service.app.routes.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(documented)).toEqual(
      new Set(mounted.filter((route) => !route.startsWith('ALL ') && forPrograms.test(route))),
    );
  });
});

describe('AUTH=none', () => {
  const ask = async (url: string) => {
    await service.close();
    service = await testApp({ settings: { AUTH: 'none' } });
    return await service.app.request(url);
  };

  test('makes everyone an admin', async () => {
    expect((await ask('/api/system')).status).toBe(200);
    expect((await service.app.request('/userapi/jobs/')).status).toBe(200);
  });

  test.each(['http://127.0.0.1/api/jobs/', 'http://[::1]:8080/api/jobs/', 'http://localhost:8080/api/jobs/'])(
    'answers requests to a loopback host: %s',
    async (url) => {
      expect((await ask(url)).status).toBe(200);
    },
  );

  test('refuses requests to any other host', async () => {
    expect((await faultIn(await ask('http://jobs.example/api/jobs/')))[0]).toBe(401);
  });
});
