import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerBrokenRequest } from '../../src/nodejs/broken-requests.ts';
import { type Listening, listening } from '../support/listening.ts';
import { faultIn, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
let server: Listening;
beforeAll(async () => {
  service = await testApp();
  server = await listening(service);
});
afterAll(async () => {
  await server.close();
  await service.close();
});

const bodyIn = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('headers above 16 KiB are a 431 with the body of every error', async () => {
  const text = await server.exchange(`GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1.1 431 Request Header Fields Too Large\r\n/);
  expect(bodyIn(text)).toEqual({
    status: 'Request Header Fields Too Large',
    error: expect.any(String),
    code: 'headers_too_large',
  });
});

test('a request line above 16 KiB is a 431 too', async () => {
  expect(await server.exchange(`GET /healthz?${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 /,
  );
});

test('what is no HTTP is a 400 with the body of every error', async () => {
  const text = await server.exchange('hello\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  expect(bodyIn(text).code).toBe('invalid_request');
});

test.each(['Host: a b', 'Host: a/b'])(
  'a Host header that is none is a 400 with the body of every error: %s',
  async (host) => {
    const text = await server.exchange(`GET /healthz HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(bodyIn(text)).toEqual({ status: 'Bad Request', error: expect.any(String), code: 'invalid_request' });
  },
);

test('two Host headers are a 400 with the body of every error, whichever of them is ours', async () => {
  for (const hosts of ['Host: a\r\nHost: b', 'Host: a\r\nX: y\r\nhOST: a']) {
    const text = await server.exchange(`GET /healthz HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(bodyIn(text)).toMatchObject({ code: 'invalid_request', error: expect.stringContaining('Host') });
  }
});

test('a request without a Host header is answered', async () => {
  expect(await server.exchange('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
});

test('what nobody caught is our fault, and its text is not told', async () => {
  expect(await faultIn(answerBrokenRequest(new Error('secret')))).toEqual([500, 'internal', 'internal error']);
});
