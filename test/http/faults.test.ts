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
