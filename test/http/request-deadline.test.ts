import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { statementOf } from '../../src/db/sql/sql-rows.ts';
import { ClientGone } from '../../src/deadline.ts';
import { Fault } from '../../src/faults.ts';
import { type Listening, listening } from '../support/listening.ts';
import { fixture, lateMs, testPool } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';
import { faultIn, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

/** Counts for minutes, unless it is interrupted. */
const endless = statementOf(
  'endless',
  sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e11) SELECT count(*) AS count FROM n`,
  z.object({ count: z.int() }),
);

let service: TestApp;
let server: Listening | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  await service.close();
});

describe('a request beyond its deadline', () => {
  test('is answered 504, and its query has stopped', async () => {
    const { db } = await testPool();
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '100' }, service: () => ({ db }) });
    const ended = Promise.withResolvers<unknown>();
    service.app.get('/slow', async (c) => {
      const error = await c
        .get('db')
        .read(endless, c.get('deadline'))
        .catch((reason: unknown) => reason);
      ended.resolve(error);
      throw error;
    });
    const answer = await service.app.request('/slow');
    expect(await faultIn(answer)).toEqual([504, 'deadline_exceeded', 'the request did not finish within 100 ms']);
    expect(await ended.promise).toBeInstanceOf(Error);
  });

  test('counts from its arrival, even if it had to wait for the app', async () => {
    const { db } = await testPool();
    const settings = { REQUEST_TIMEOUT_MS: '60000' };
    service = await testApp({ settings, service: () => ({ db, arrivedAt: () => performance.now() - 59_900 }) });
    service.app.get('/slow', async (c) => c.json(await c.get('db').read(endless, c.get('deadline'))));
    expect((await service.app.request('/slow')).status).toBe(504);
  });

  test('is answered 504 whatever its handler does', async () => {
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '50' } });
    const never = new Promise<Response>(() => {});
    service.app.get('/deaf', () => never);
    expect((await faultIn(await service.app.request('/deaf'))).slice(0, 2)).toEqual([504, 'deadline_exceeded']);
  });

  test('is answered 504 although its handler answers or fails later', async () => {
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '50' } });
    const release = Promise.withResolvers<void>();
    service.app.get('/late', async (c) => {
      await release.promise;
      if (c.req.query('fail') !== undefined) throw new Error('late');
      return c.text('late');
    });
    const answers = [await service.app.request('/late'), await service.app.request('/late?fail')];
    release.resolve();
    for (const answer of answers) expect((await faultIn(answer))[0]).toBe(504);
  });
});

describe('a request that has failed', () => {
  test('stops what it still reads', async () => {
    const { db } = await testPool();
    service = await testApp({ service: () => ({ db }) });
    const stopped = Promise.withResolvers<unknown>();
    service.app.get('/two-reads', async (c) => {
      const read = c.get('db').read(endless, c.get('deadline'));
      read.catch(stopped.resolve);
      await Promise.all([read, Promise.reject(new Fault('conflict', 'the other part failed'))]);
      return c.text('never');
    });
    expect((await faultIn(await service.app.request('/two-reads')))[1]).toBe('conflict');
    expect(await stopped.promise).toBeInstanceOf(ClientGone);
    expect(db.status().counters).toMatchObject({ hangUps: 1, timeouts: 0 });
  });

  test('for a full queue is answered after the pause that its Retry-After names, but not after its deadline', async () => {
    const measured = async (timeoutMs: number) => {
      service = await testApp({ settings: { REQUEST_TIMEOUT_MS: String(timeoutMs) } });
      service.app.get('/full', () => Promise.reject(new Fault('queue_full', 'full')));
      const startedAt = performance.now();
      const answered = Promise.resolve(service.app.request('/full'));
      const late = await lateMs(answered, Math.min(timeoutMs, 100));
      const tookMs = performance.now() - startedAt;
      const answer = await answered;
      expect([answer.headers.get('Retry-After'), ...(await faultIn(answer))]).toEqual(['1', 503, 'queue_full', 'full']);
      return { tookMs, late };
    };
    expect((await measured(30_000)).tookMs).toBeGreaterThan(990);
    await service.close();
    expect((await measured(100)).late).toBeLessThan(800);
  });

  test('for a full queue does not wait for a client that has hung up', async () => {
    service = await testApp();
    service.app.get('/full', () => Promise.reject(new Fault('queue_full', 'full')));
    const client = new AbortController();
    const answered = Promise.resolve(service.app.request('/full', { signal: client.signal }));
    client.abort();
    expect(await lateMs(answered, 0)).toBeLessThan(900);
  });
});

describe('an answer made at the deadline is whole', () => {
  const body = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
  const lengthOf = (answer: string) => Number(/content-length: (\d+)/i.exec(answer)?.[1]);

  test('when a handler that is told of it fails with a fault of its own, which says more', async () => {
    const { db, path } = await testPool();
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '300' }, service: () => ({ db }) });
    server = await listening(service);
    const other = openSqlite(path);
    await other.exec('BEGIN IMMEDIATE');
    const text = JSON.stringify(START_BODY);
    const token = await service.token('reporter', 'api', 'admin');
    const head = `POST /api/jobs/start_job/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Token: ${token}\r\n`;
    const answer = await server.exchange(`${head}Content-Length: ${text.length}\r\n\r\n${text}`);
    await other.exec('ROLLBACK');
    other.close();
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(JSON.parse(body(answer))).toMatchObject({ code: 'database_busy' });
    expect(lengthOf(answer)).toBe(body(answer).length);
  });

  test.each([0, 1, 2, 5, 10])('when its handler fails %d turns later', async (turns) => {
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '50' } });
    service.app.get('/late', async (c) => {
      await new Promise((resolve) => c.get('deadline').signal.addEventListener('abort', resolve));
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      throw new Fault('conflict', 'a longer text than that of the deadline itself '.repeat(10));
    });
    server = await listening(service);
    const answer = await server.exchange('GET /late HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(lengthOf(answer)).toBe(body(answer).length);
    const status = JSON.parse(body(answer)).code === 'conflict' ? 422 : 504;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

test('a client that hangs up stops the query, long before the deadline', async () => {
  const { db } = await testPool();
  service = await testApp({ service: () => ({ db }) });
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  service.app.get('/slow', async (c) => {
    started.resolve();
    ended.resolve(
      await c
        .get('db')
        .read(endless, c.get('deadline'))
        .catch((error: unknown) => error),
    );
    return c.body(null);
  });
  server = await listening(service);
  const { socket } = await server.send('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await started.promise;
  socket.destroy();
  expect(await ended.promise).toBeInstanceOf(Error);
});

test('a client that hangs up leaves the deadline of a write in force', async () => {
  service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '300' } });
  const started = Promise.withResolvers<void>();
  const expired = Promise.withResolvers<void>();
  service.app.post('/write', async (c) => {
    const deadline = c.get('deadline');
    deadline.expired.addEventListener('abort', () => expired.resolve());
    started.resolve();
    await expired.promise;
    return c.body(null);
  });
  server = await listening(service);
  const { socket } = await server.send('POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
  await started.promise;
  socket.destroy();
  await expired.promise;
});

describe('a write that was allowed to commit before its deadline', () => {
  test('is answered with what came of it, however late that is', async () => {
    const { db } = await testPool({ programs: { writer: fixture('child-that-commits-late') } });
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '100' }, service: () => ({ db }) });
    service.app.post('/write', async (c) => c.json(await db.write('deleteJob', { id: 1n }, c.get('deadline'))));
    const answer = await service.app.request('/write', { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([200, { committed: true }]);
  });

  test('is followed by nothing more once its time is over', async () => {
    const { db } = await testPool({ programs: { writer: fixture('child-that-commits-late') } });
    service = await testApp({ settings: { REQUEST_TIMEOUT_MS: '100' }, service: () => ({ db }) });
    let writes = 0;
    service.app.post('/twice', async (c) => {
      for (; writes < 2; writes += 1) await db.write('deleteJob', { id: 1n }, c.get('deadline'));
      return c.body(null);
    });
    const answer = await service.app.request('/twice', { method: 'POST' });
    expect((await faultIn(answer)).slice(0, 2)).toEqual([504, 'deadline_exceeded']);
    expect(writes).toBe(1);
  });
});

test('a deadline is over with its request', async () => {
  service = await testApp();
  let signal: AbortSignal | undefined;
  service.app.get('/quick', (c) => {
    signal = c.get('deadline').signal;
    return c.body(null);
  });
  const gone = new AbortController();
  await service.app.request('/quick', { signal: gone.signal });
  gone.abort();
  expect(signal?.aborted).toBe(false);
});
