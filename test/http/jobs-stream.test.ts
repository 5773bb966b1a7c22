import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import type { Deadline } from '../../src/deadline.ts';
import { Fault } from '../../src/faults.ts';
import { cutConnection, trailers } from '../../src/nodejs/node-listener.ts';
import { type Listening, listening } from '../support/listening.ts';
import { bodyOf, faultIn, job, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

/** A batch of 100, two of 500 and one of 410; in a table one of 100, one of 1,000 and one of 410. */
const JOBS = Array.from({ length: 1510 }, (_, index) => job({ jobId: index + 1 }));
const ALL = '/api/jobs/?items-per-page=9999999';

let service: TestApp;
let server: Listening | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
  await service.close();
});

interface List {
  jobs: { jobId: number; id: number }[];
  items: number;
  page: number;
}

type OnBatch = (nth: number, deadline: Deadline) => Promise<void> | void;

/** A database that calls `onBatch` with the number of each batch, from 1, and waits for it or fails with it. */
function batches(db: Database, onBatch: OnBatch): Database {
  let nth = 0;
  return {
    ...db,
    async readPage(statement, deadline) {
      nth += 1;
      await onBatch(nth, deadline);
      deadline.signal.throwIfAborted();
      return await db.readPage(statement, deadline);
    },
  };
}

async function start(onBatch: OnBatch = () => {}, options: TestAppOptions = {}) {
  service = await testApp({
    jobs: JOBS,
    ...options,
    service: ({ db }) => ({ db: batches(db, onBatch), cutConnection, ...options.service }),
  });
}

async function request(headers = '', path = ALL) {
  server = await listening(service);
  return await server.send(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Token: ${await service.token()}\r\n${headers}\r\n`,
  );
}

/** The body without its chunked encoding, and whether its end was marked. */
function dechunked(answer: string): { body: string; isWhole: boolean } {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const [, size] = /^([0-9a-f]+)\r\n/.exec(rest) ?? [];
    if (size === undefined) return { body, isWhole: false };
    const length = Number.parseInt(size, 16);
    if (length === 0) return { body, isWhole: true };
    body += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + 2 + length + 2);
  }
}

/** Rejects with the signal's reason when it fires. */
function failing(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const WAIT = { timeout: 60_000 };
const lastLine = () => vi.waitUntil(() => service.lines.find(({ message }) => message === 'request'), WAIT);

test('a list of any size is one JSON answer, newest first', async () => {
  await start();
  const answer = await service.get(ALL);
  const list = await bodyOf<List>(answer);
  expect(list.jobs.map(({ id }) => id)).toEqual(JOBS.map((_, index) => 1510 - index));
  expect([list.items, list.page]).toEqual([9_999_999, 1]);
});

test('a page that ends inside a batch has exactly its jobs', async () => {
  await start();
  expect((await bodyOf<List>(await service.get('/api/jobs/?items-per-page=700'))).jobs).toHaveLength(700);
  expect((await bodyOf<List>(await service.get('/api/jobs/?items-per-page=700&page=3'))).jobs).toHaveLength(110);
  expect(await bodyOf<List>(await service.get('/api/jobs/?items-per-page=700&page=4'))).toEqual({
    jobs: [],
    items: 700,
    page: 4,
  });
});

test('a short list has its length', async () => {
  await start();
  const answer = await service.get('/api/jobs/');
  expect(Number(answer.headers.get('Content-Length'))).toBe((await answer.arrayBuffer()).byteLength);
});

test.each([ALL, '/api/jobs.csv', '/api/jobs.ndjson'])(
  '%s reads one batch ahead of the client, and no more',
  async (path) => {
    let asked = 0;
    await start((nth) => {
      asked = nth;
    });
    const answer = await service.get(path);
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(asked).toBe(1);
    await reader?.read();
    expect(asked).toBe(3); // the second has been taken, the third waits for the client
    await reader?.cancel();
  },
);

test('a failure of the first batch has its status', async () => {
  await start(() => {
    throw new Fault('queue_full', 'full');
  });
  const answer = await service.get(ALL);
  expect(await faultIn(answer)).toEqual([503, 'queue_full', 'full']);
  expect(answer.headers.get('Retry-After')).toBe('1');
});

test('a HEAD of a long list has no body and leaves nothing open', async () => {
  await start();
  const answer = await service.app.request(ALL, {
    method: 'HEAD',
    headers: { 'X-Auth-Token': await service.token() },
  });
  expect([answer.status, answer.body]).toEqual([200, null]);
  expect(service.lines.at(-1)?.fields).toMatchObject({ method: 'HEAD', status: 200 });
});

describe('over a socket', () => {
  test('a whole list is ended properly', async () => {
    await start();
    const answer = await request();
    await answer.closed;
    const { body, isWhole } = dechunked(answer.text());
    expect(isWhole).toBe(true);
    expect(JSON.parse(body).jobs).toHaveLength(1510);
    expect((await lastLine()).fields).toMatchObject({ outcome: 'complete', rows: 1510 });
  });

  test('a whole list is ended properly with gzip', async () => {
    await start();
    const answer = await request('Accept-Encoding: gzip\r\n');
    await answer.closed;
    const { body, isWhole } = dechunked(answer.text());
    expect(isWhole).toBe(true);
    expect(answer.text()).toContain('Content-Encoding: gzip'.toLowerCase());
    expect(JSON.parse(gunzipSync(Buffer.from(body, 'latin1')).toString()).jobs).toHaveLength(1510);
  });

  test.each(['', 'Accept-Encoding: gzip\r\n', 'Accept-Encoding: deflate\r\n'])(
    'an answer that fails after its first byte is never ended properly (%j)',
    async (headers) => {
      const error = vi.spyOn(console, 'error');
      const begun = Promise.withResolvers<void>();
      await start(async (nth) => {
        if (nth !== 3) return;
        await begun.promise;
        throw new Fault('connection_lost', 'gone');
      });
      const answer = await request(headers);
      await answer.until((text) => text.includes('\r\n\r\n'));
      begun.resolve();
      await answer.closed;
      expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
      expect(dechunked(answer.text()).isWhole).toBe(false);
      expect((await lastLine()).fields).toMatchObject({ outcome: 'cut', rows: 600 });
      expect(error).not.toHaveBeenCalled(); // node-server's own report
    },
  );

  test.each(['csv', 'ndjson'])('an export as %s that fails is never ended properly', async (format) => {
    const begun = Promise.withResolvers<void>();
    await start(
      async (nth) => {
        if (nth !== 3) return;
        await begun.promise;
        throw new Fault('connection_lost', 'gone');
      },
      { service: () => ({ trailers }) },
    );
    const answer = await request('', `/api/jobs.${format}?columns=jobId`);
    await answer.until((text) => text.includes('\r\n\r\n'));
    begun.resolve();
    await answer.closed;
    expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
    expect(dechunked(answer.text()).isWhole).toBe(false);
    expect(answer.text()).not.toMatch(/^X-Rows:|"end"/m);
    expect((await lastLine()).fields).toMatchObject({ outcome: 'cut', rows: 1100 });
  });

  test.each(['', 'Accept-Encoding: gzip\r\n'])(
    'an answer that fails where the entry cannot cut connections is not ended properly either (%j)',
    async (headers) => {
      vi.spyOn(console, 'error').mockImplementation(() => {});
      await start(
        (nth) => {
          if (nth === 3) throw new Fault('connection_lost', 'gone');
        },
        { service: () => ({ cutConnection: undefined }) },
      );
      const answer = await request(headers);
      await answer.closed;
      expect(dechunked(answer.text()).isWhole).toBe(false);
    },
  );

  test.each(['', 'Accept-Encoding: gzip\r\n'])('a client that hangs up stops the pull (%j)', async (headers) => {
    const said = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info')];
    const third = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let asked = 0;
    await start(async (nth) => {
      asked = nth;
      if (nth !== 3) return;
      third.resolve();
      await release.promise;
    });
    const answer = await request(headers);
    await third.promise;
    answer.socket.destroy();
    expect((await lastLine()).fields).toMatchObject({ outcome: 'gone' });
    release.resolve();
    expect(asked).toBe(3);
    for (const spy of said) expect(spy).not.toHaveBeenCalled(); // node-server reports what it considers a failure
  });

  test('a batch that does not come within its deadline cuts the answer', async () => {
    await start((nth, { signal }) => (nth === 2 ? failing(signal) : undefined), {
      settings: { REQUEST_TIMEOUT_MS: '300' },
    });
    const answer = await request();
    await answer.closed;
    expect(dechunked(answer.text()).isWhole).toBe(false);
    const cut = service.lines.find(({ message }) => message.startsWith('response aborted'));
    expect(cut?.fields).toMatchObject({ code: 'deadline_exceeded', rows: 100 });
  });

  test('a client that stops reading is cut at STREAM_TIMEOUT_S', async () => {
    const jobs = JOBS.map((one) => ({ ...one, metaData: { jobScript: 'x'.repeat(20_000) } }));
    await start(() => {}, { jobs, settings: { STREAM_TIMEOUT_S: '1' } });
    const answer = await request('', `${ALL}&with-metadata`);
    answer.socket.pause();
    expect((await lastLine()).fields).toMatchObject({ outcome: 'cut' });
    answer.socket.resume();
    await answer.closed;
    expect(dechunked(answer.text()).isWhole).toBe(false);
  });
});
