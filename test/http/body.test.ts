import { afterEach, describe, expect, test, vi } from 'vitest';
import { NAMES } from '../../src/http/json/json-body.ts';
import { receiveBody } from '../../src/http/limits/receive-body.ts';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { type Listening, listening } from '../support/listening.ts';
import { bodyOf, faultIn, job, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

const MB = 1024 * 1024;
const START = '/api/jobs/start_job/';

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

/** Sends the head of a request over a socket. The test sends the body. */
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
  expect((await faultIn(await post('')))[2]).toContain('the body is empty');
});

describe('a body above the limit of its route is a 413', () => {
  const large = Buffer.alloc(NAMES.bytes + 1, ' ');

  test('by its Content-Length, before it arrives', async () => {
    await start();
    const answer = await head(`Content-Length: ${large.length}`);
    expect(await answer.until(answered)).toMatch(/^HTTP\/1.1 413 /);
    answer.socket.destroy();
  });

  test('by its bytes, when its length was not said', async () => {
    await start();
    const stream = new Blob([large]).stream();
    const [status, code, error] = await faultIn(await post(stream));
    expect([status, code, error]).toEqual([413, 'body_too_large', 'the request body exceeds 64 KB']);
  });

  test('by its chunks', async () => {
    await start();
    const answer = await head('Transfer-Encoding: chunked');
    for (let sent = 0; sent <= NAMES.bytes; sent += 4096) answer.socket.write(`1000\r\n${' '.repeat(4096)}\r\n`);
    expect(await answer.until(answered)).toMatch(/^HTTP\/1.1 413 /);
    answer.socket.destroy();
  });

  test('and one of exactly that size is not', async () => {
    await start();
    expect((await post(`[${' '.repeat(NAMES.bytes - 2)}]`)).status).toBe(200);
    expect((await post(new Blob([`[${' '.repeat(NAMES.bytes - 2)}]`]).stream())).status).toBe(200);
  });
});

test('BODY_LIMIT_MB bounds the bodies of all routes', async () => {
  await start();
  const [status, code, error] = await faultIn(await service.send('POST', START, ' '.repeat(MB + 1)));
  expect([status, code, error]).toEqual([413, 'body_too_large', 'the request body exceeds 1 MB']);
});

/** Requests of these users. Their bodies have arrived and are held until `release`. */
async function holding(users: readonly string[], bytes: number) {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  let held = 0;
  service.app.post('/api/hold', async (c) => {
    await receiveBody(c, MB, async () => {
      held += 1;
      if (held === users.length) arrived.resolve();
      await release.promise;
    });
    return c.body(null);
  });
  const all = users.map((user) => service.send('POST', '/api/hold', ' '.repeat(bytes), user));
  await arrived.promise;
  return {
    async end() {
      release.resolve();
      for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
    },
  };
}

describe('bodies in flight share a budget', () => {
  test('beyond it a request is a 503, and what they held comes back', async () => {
    await start();
    const held = await holding(['ada', 'bob'], MB); // the budget is two bodies of the maximum size
    const refused = await post('[]');
    expect((await faultIn(refused)).slice(0, 2)).toEqual([503, 'queue_full']);
    expect(refused.headers.get('Retry-After')).toBe('1');
    await held.end();
    expect(await bodyOf(await post('[]'))).toMatchObject({ Data: [] });
  });

  test('of which one caller cannot take all', async () => {
    await start();
    const held = await holding(['ada'], MB);
    expect((await faultIn(await service.send('POST', '/api/jobs/1', '[]', 'ada'))).slice(0, 2)).toEqual([
      503,
      'queue_full',
    ]);
    expect((await service.send('POST', '/api/jobs/1', '[]', 'bob')).status).toBe(200);
    await held.end();
    expect((await service.send('POST', '/api/jobs/1', '[]', 'ada')).status).toBe(200);
  });
});

describe('of callers without a token', () => {
  const login = 'username=nobody-there&password=x';
  /** A login that has sent all but the last bytes of its body. */
  const unfinished = async (bytes: number) => {
    server ??= await listening(service);
    return await server.send(
      `POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`,
    );
  };
  const codeOfLogin = async (address: string) => {
    clientIs = address;
    const { status } = await service.app.request('/login', { method: 'POST', body: login });
    clientIs = '10.0.0.1';
    return status;
  };
  let clientIs = '10.0.0.1';
  const withAddresses = () => start({ service: () => ({ clientAddress: () => clientIs }) });

  test('connections that announce bodies and send nothing keep nobody out', async () => {
    await withAddresses();
    server = await listening(service);
    const text = 'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16384\r\n\r\n';
    const silent = await Promise.all(Array.from({ length: 520 }, () => server?.send(text)));
    expect((await post('[]')).status).toBe(200);
    expect(await codeOfLogin('10.0.0.1')).toBe(401); // compared, and refused because of its password
    for (const answer of silent) answer?.socket.destroy();
  });

  test('what one address has sent keeps neither other addresses nor the API out', async () => {
    await withAddresses();
    const sent = await Promise.all(Array.from({ length: 8 }, () => unfinished(16_384))); // the 128 KB of one address
    await vi.waitUntil(async () => (await codeOfLogin('10.0.0.1')) === 503, { timeout: 20_000 });
    expect(await codeOfLogin('10.0.0.2')).toBe(401);
    expect((await post('[]')).status).toBe(200);
    for (const { socket } of sent) socket.destroy();
    await vi.waitUntil(async () => (await codeOfLogin('10.0.0.1')) === 401, { timeout: 20_000 });
  });
});

test('an upload that breaks off gives back what it held', async () => {
  await start();
  for (let broken = 0; broken < 3; broken += 1) {
    const { socket } = await head(`Content-Length: ${NAMES.bytes}`);
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
  const silent = await Promise.all([1, 2, 3].map(() => head(`Content-Length: ${NAMES.bytes}`)));
  expect((await post('[]')).status).toBe(200);
  for (const { socket } of silent) socket.destroy();
});

test('a body of more values or members than its route has any use for is refused', async () => {
  await start();
  const [status, code, error] = await faultIn(await post(`[${'1,'.repeat(NAMES.values)}1]`));
  expect([status, code, error]).toEqual([
    400,
    'invalid_request',
    `parsing request body failed: more than ${NAMES.values} values`,
  ]);
  const tags = Array.from({ length: BOUNDS.tagsInBody.most + 1 }, (_, nth) => ({ type: 'a', name: String(nth) }));
  const [, , tooMany] = await faultIn(await service.send('POST', '/api/jobs/tag_job/1', tags));
  expect(tooMany).toBe(`parsing request body failed: must have at most ${BOUNDS.tagsInBody.most} entries`);
});

test('of a list the first wrong member is told, and the log holds no more than that', async () => {
  await start();
  const [, , error] = await faultIn(await post(`["a",${'1,'.repeat(1_000)}1]`));
  expect(error).toBe('parsing request body failed: 1: must be a string');
  expect(JSON.stringify(service.lines).length).toBeLessThan(2_000);
});

test('forms have few fields', async () => {
  await start();
  const answer = await service.app.request('/login', { method: 'POST', body: 'a&'.repeat(100) });
  expect(await answer.text()).toContain('the form has more than 16 fields');
  expect(answer.status).toBe(400);
});
