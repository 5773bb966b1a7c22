import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Listening, listening } from '../support/listening.ts';
import { bodyOf, faultIn, job, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

const MB = 1024 * 1024;

let service: TestApp;
let server: Listening | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  await service.close();
});

async function start(options: TestAppOptions = {}) {
  service = await testApp({ jobs: [job()], ...options, settings: { BODY_LIMIT_MB: '1', ...options.settings } });
}

async function post(body: string | Buffer | ReadableStream, headers: Record<string, string> = {}) {
  const token = await service.token();
  const init = { method: 'POST', headers: { 'X-Auth-Token': token, ...headers }, body, duplex: 'half' } as const;
  return await service.app.request('/api/jobs/1', init);
}

/** Sends a request head over a socket; the body is up to the test. */
async function head(headers: string) {
  server ??= await listening(service);
  return await server.send(
    `POST /api/jobs/1 HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: ${await service.token()}\r\n${headers}\r\n\r\n`,
  );
}

const codeIn = (text: string) => /"code":"(\w+)"/.exec(text)?.[1];
const answered = (text: string) => codeIn(text) !== undefined;

test('the Content-Type of a body is not looked at', async () => {
  await start();
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x']) {
    expect((await post('[]', { 'Content-Type': type })).status).toBe(200);
  }
});

test('invalid UTF-8 in a body reads as U+FFFD', async () => {
  await start();
  expect((await post(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).status).toBe(200); // ["\xff"]
});

test('a body that is no JSON is refused', async () => {
  await start();
  expect((await faultIn(await post('{'))).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect((await faultIn(await post('')))[2]).toContain('it is empty');
});

describe('a body above BODY_LIMIT_MB is a 413', () => {
  const large = Buffer.alloc(MB + 1, ' ');

  test('by its Content-Length, before it arrives', async () => {
    await start();
    const answer = await head(`Content-Length: ${MB + 1}`);
    expect(await answer.until(answered)).toMatch(/^HTTP\/1.1 413 /);
    answer.socket.destroy();
  });

  test('by its bytes, when its length was not said', async () => {
    await start();
    const stream = new Blob([large]).stream();
    expect((await faultIn(await post(stream))).slice(0, 2)).toEqual([413, 'body_too_large']);
  });

  test('by its chunks', async () => {
    await start();
    const answer = await head('Transfer-Encoding: chunked');
    for (let sent = 0; sent <= MB; sent += 65_536) answer.socket.write(`10000\r\n${' '.repeat(65_536)}\r\n`);
    expect(await answer.until(answered)).toMatch(/^HTTP\/1.1 413 /);
    answer.socket.destroy();
  });

  test('and one of exactly that size is not', async () => {
    await start();
    expect((await post(`[${' '.repeat(MB - 2)}]`)).status).toBe(200);
  });
});

test('bodies in flight share a budget; beyond it a request is a 503, and what they held comes back', async () => {
  await start();
  const release = Promise.withResolvers<void>();
  let held = 0;
  const both = Promise.withResolvers<void>();
  service.app.post('/hold', async (c) => {
    await c.var.bodies.withText(c, async () => {
      held += 1;
      if (held === 2) both.resolve();
      await release.promise;
    });
    return c.body(null);
  });
  const hold = () => service.app.request('/hold', { method: 'POST', body: Buffer.alloc(MB, ' ') });
  const holding = [hold(), hold()]; // the budget is two bodies of the greatest size
  await both.promise;
  const refused = await post('[]');
  expect((await faultIn(refused)).slice(0, 2)).toEqual([503, 'queue_full']);
  expect(refused.headers.get('Retry-After')).toBe('1');
  release.resolve();
  await Promise.all(holding);
  expect(await bodyOf(await post('[]'))).toMatchObject({ Data: [] });
});

test('an upload that breaks off gives back what it held', async () => {
  await start();
  for (let broken = 0; broken < 3; broken += 1) {
    const { socket } = await head(`Content-Length: ${MB}`);
    socket.end('[');
  }
  const ended = () => service.lines.filter(({ message }) => message === 'request').length === 3;
  await vi.waitUntil(ended, { timeout: 60_000 });
  expect((await post('[]')).status).toBe(200);
});

test.each(['Content-Length: 10', 'Transfer-Encoding: chunked'])(
  'an upload too slow for the deadline is a 504 (%s)',
  async (headers) => {
    await start({ settings: { REQUEST_TIMEOUT_MS: '200' } });
    const answer = await head(headers);
    const text = await answer.until(answered);
    expect(text).toMatch(/^HTTP\/1.1 504 /);
    expect(codeIn(text)).toBe('deadline_exceeded');
    answer.socket.destroy();
  },
);

test('uploads that announce much and send nothing keep nobody out', async () => {
  await start();
  const silent = await Promise.all([1, 2, 3].map(() => head(`Content-Length: ${MB}`)));
  expect((await post('[]')).status).toBe(200);
  for (const { socket } of silent) socket.destroy();
});

test('a body of more values than anybody needs is refused before it is taken apart', async () => {
  await start({ settings: { BODY_LIMIT_MB: '2' } });
  const [status, code, error] = await faultIn(await post(`[${'1,'.repeat(600_000)}1]`));
  expect([status, code]).toEqual([400, 'invalid_request']);
  expect(error).toMatch(/more than 500000 values/);
});

test('of a list the first wrong member is told, and the log holds no more than that', async () => {
  await start();
  const [, , error] = await faultIn(await post(`["a",${'1,'.repeat(100_000)}1]`));
  expect(error).toBe('parsing request body failed: 1: must be a text');
  expect(JSON.stringify(service.lines).length).toBeLessThan(2_000);
});
