import { afterEach, expect, test } from 'vitest';
import { faultIn, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
afterEach(() => service.close());

async function ask(settings: object, socket: string, headers: Record<string, string> = {}, path = '/api/jobs/count') {
  service = await testApp({ settings, service: () => ({ clientAddress: () => socket }) });
  return await service.app.request(path, { headers: { 'X-Auth-Token': await service.token(), ...headers } });
}

const ALLOWED = { API_ALLOWED_IPS: '10.0.0.1, ::1' };

test.each(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1:5000', '::1', '[::1]', '[::1]:5000'])(
  'an allowed address may use /api, in whatever form it comes: %s',
  async (socket) => {
    expect((await ask(ALLOWED, socket)).status).toBe(200);
  },
);

test('another address gets a 401 that names it', async () => {
  const [status, , error] = await faultIn(await ask(ALLOWED, '10.0.0.2'));
  expect(status).toBe(401);
  expect(error).toContain('10.0.0.2');
});

test('the token is checked before the address', async () => {
  const [, , error] = await faultIn(await ask(ALLOWED, '10.0.0.2', { 'X-Auth-Token': 'bad' }));
  expect(error).toBe('token is malformed');
});

test('/userapi is open to every address', async () => {
  expect((await ask(ALLOWED, '10.0.0.2', {}, '/userapi/jobs/count')).status).toBe(200);
});

test('a first entry of * is everybody', async () => {
  expect((await ask({ API_ALLOWED_IPS: '*,10.0.0.1' }, '10.0.0.2')).status).toBe(200);
});

test('forwarded headers count for nothing without TRUST_PROXY', async () => {
  expect((await ask(ALLOWED, '10.0.0.2', { 'X-Real-Ip': '10.0.0.1' })).status).toBe(401);
});

test('with TRUST_PROXY X-Real-Ip comes first, then X-Forwarded-For as a whole, then the socket', async () => {
  const trusting = { ...ALLOWED, TRUST_PROXY: 'on' };
  const statuses: number[] = [];
  for (const [socket, headers] of [
    ['10.0.0.2', { 'X-Real-Ip': '10.0.0.1', 'X-Forwarded-For': '10.0.0.2' }],
    ['10.0.0.2', { 'X-Forwarded-For': '10.0.0.1' }],
    ['10.0.0.2', { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2' }],
    ['10.0.0.1', {}],
  ] as const) {
    statuses.push((await ask(trusting, socket, headers)).status);
    await service.close();
  }
  service = await testApp();
  expect(statuses).toEqual([200, 200, 401, 200]);
});
