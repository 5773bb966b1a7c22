import { afterEach, expect, test } from 'vitest';
import { addressForLimits } from '../../src/http/auth/client-address.ts';
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

test.each(['10.0.0.2', '10.0.0.12', '::12'])('another address gets a 401 that names it: %s', async (address) => {
  const [status, , error] = await faultIn(await ask(ALLOWED, address));
  expect(status).toBe(401);
  expect(error).toContain(address);
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

/** Returns true if a request with these headers, from a proxy at 10.0.0.9, counts as one of 10.0.0.1. */
async function passes(TRUST_PROXY: string, headers: Record<string, string>): Promise<boolean> {
  const answer = await ask({ ...ALLOWED, TRUST_PROXY }, '10.0.0.9', headers);
  await service.close();
  return answer.status === 200;
}

test('with TRUST_PROXY the last hop counts, which the proxy appended, and never what the client wrote', async () => {
  const results: boolean[] = [];
  for (const headers of [
    { 'X-Forwarded-For': '10.0.0.1' },
    { 'X-Forwarded-For': '10.9.9.9,  10.0.0.1 ' },
    { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2' }, // the client has sent the first
    { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2:4000' },
    { 'X-Real-Ip': '10.0.0.1' }, // from a proxy that sends no other header
    { 'X-Real-Ip': '10.0.0.1', 'X-Forwarded-For': '10.9.9.9, 10.0.0.1' },
    { 'X-Real-Ip': '10.0.0.1', 'X-Forwarded-For': '10.0.0.2' }, // the client has sent one of them
    { 'X-Real-Ip': '10.0.0.2', 'X-Forwarded-For': '10.0.0.1' },
    {},
  ]) {
    results.push(await passes('on', headers));
  }
  service = await testApp();
  expect(results).toEqual([true, true, false, false, true, true, false, false, false]);
});

test('behind two proxies the last but one counts', async () => {
  const results: boolean[] = [];
  for (const headers of [
    { 'X-Forwarded-For': '10.0.0.1, 10.0.0.8' },
    { 'X-Forwarded-For': '10.9.9.9, 10.0.0.1, 10.0.0.8' },
    { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2, 10.0.0.8' },
    { 'X-Forwarded-For': '10.0.0.1' }, // sent to the inner proxy
    { 'X-Real-Ip': '10.0.0.1' }, // it is unknown which of the two has set it
  ]) {
    results.push(await passes('2', headers));
  }
  service = await testApp();
  expect(results).toEqual([true, true, false, true, false]);
});

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
  ['x'.repeat(5_000), 'x'.repeat(64)],
  [`:${'x'.repeat(5_000)}`, `:${'x'.repeat(63)}`],
])('limits count %s as %s', async (socket, counted) => {
  service = await testApp({ service: () => ({ clientAddress: () => socket }) });
  service.app.get('/address', (c) => c.text(addressForLimits(c)));
  const address = await (await service.app.request('/address')).text();
  expect(address).toBe(counted);
});
