import { afterEach, describe, expect, test } from 'vitest';
import { FAULTS, Fault, type FaultCode } from '../../src/faults.ts';
import { before, faultIn, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
afterEach(() => service.close());

async function failing(error: unknown) {
  service = await testApp({
    service: ({ db }) => ({
      db: before(db, () => {
        throw error;
      }),
    }),
  });
  return await service.get('/api/jobs/count');
}

describe.each(Object.keys(FAULTS) as FaultCode[])('the fault %s', (code) => {
  test('has its status, its code and the one body', async () => {
    const answer = await failing(new Fault(code, 'told'));
    expect(await faultIn(answer)).toEqual([FAULTS[code].status, code, 'told']);
  });
});

test('a fault may have another status and headers of its own', async () => {
  const answer = await failing(new Fault('not_found', 'told', { status: 422, headers: { 'X-Own': '1' } }));
  expect(await faultIn(answer)).toEqual([422, 'not_found', 'told']);
  expect(answer.headers.get('X-Own')).toBe('1');
});

test('an unexpected error tells the caller nothing and the log everything', async () => {
  const error = new TypeError('SELECT secret FROM job');
  const answer = await failing(error);
  const [status, code, text] = await faultIn(answer);
  expect([status, code]).toEqual([500, 'internal']);
  expect(text).not.toContain('secret');
  const line = service.lines.find(({ level }) => level === 'error');
  expect(line?.fields).toMatchObject({ err: error, requestId: answer.headers.get('X-Request-Id') });
});

describe('the access log', () => {
  const logged = () => service.lines.filter(({ message }) => message === 'request').map(({ fields }) => fields);

  test('says by its code why a request failed', async () => {
    await failing(new Fault('disk_full', 'told'));
    expect(logged()).toMatchObject([{ status: 503, code: 'disk_full' }]);
    expect(logged()[0]).not.toHaveProperty('reason');
  });

  test('says who was turned away and why, at no length a caller chooses', async () => {
    service = await testApp({ settings: { API_ALLOWED_IPS: '192.0.2.1', TRUST_PROXY: 'on' } });
    const token = await service.token('reporter', 'api', 'admin');
    await service.app.request('/api/jobs/count');
    const far = { 'X-Auth-Token': token, 'X-Real-Ip': `"\t${'9'.repeat(5_000)}` };
    await service.app.request('/api/jobs/count', { headers: far });
    const [unnamed, refused] = logged();
    expect(unnamed).toMatchObject({ code: 'unauthorized', reason: expect.stringContaining('no token') });
    expect(refused).toMatchObject({ code: 'unauthorized', reason: expect.stringContaining('the address') });
    expect(JSON.stringify(refused).length).toBeLessThan(600);
  });

  test('has one line a request, with neither token nor query', async () => {
    service = await testApp();
    const token = await service.token('ada', 'user', 'api');
    await service.app.request('/userapi/jobs/count?user=secret', { headers: { 'X-Auth-Token': token } });
    const lines = service.lines.filter(({ message }) => message === 'request');
    expect(lines.map(({ fields }) => fields)).toEqual([
      {
        requestId: expect.any(String),
        method: 'GET',
        path: '/userapi/jobs/count',
        status: 200,
        ms: expect.any(Number),
        user: 'ada',
      },
    ]);
    expect(JSON.stringify(service.lines)).not.toContain('secret');
    expect(JSON.stringify(service.lines)).not.toContain(token);
  });

  test('has refused requests too', async () => {
    service = await testApp();
    await service.app.request('/api/jobs/');
    await service.app.request('/nothing');
    expect(service.lines.map(({ fields }) => fields['status'])).toEqual([401, 404]);
  });
});
