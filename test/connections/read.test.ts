import { expect, test } from 'vitest';
import { z } from 'zod';
import { ClientGone } from '../../src/deadline.ts';
import { testConnection } from '../support/connection-settings.ts';
import { asked, ENDLESS, fixture, small, testPool, until, within } from '../support/pool.ts';

const deadlineExceeded = expect.objectContaining({ code: 'deadline_exceeded', status: 504 });

test('a query is interrupted at its deadline, and its process serves on', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const [{ pid } = { pid: 0 }] = db.status().processes.filter(({ role }) => role === 'reader');
  await expect(db.read(ENDLESS, within(50))).rejects.toEqual(deadlineExceeded);
  expect(await db.read(small(7), within(5_000))).toEqual([{ answer: 7 }]);
  expect(db.status().processes.map((process) => process.pid)).toContain(pid);
  expect(db.status().counters).toMatchObject({ timeouts: 1, interrupts: 1, kills: 0 });
});

test('a process at work says at what, and for how long', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const reading = db.read(ENDLESS, within(300));
  const busy = () => db.status().processes.find(({ doing }) => doing !== undefined);
  await until(() => (busy()?.doing?.ms ?? 0) > 20, 5_000);
  expect(busy()).toMatchObject({ role: 'reader', state: 'busy', doing: { name: ENDLESS.name } });
  await expect(reading).rejects.toEqual(deadlineExceeded);
  await until(() => busy() === undefined, 5_000);
});

test('a client that hangs up stops its query before the deadline', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const client = new AbortController();
  const reading = db.read(ENDLESS, within(60_000, client.signal));
  client.abort();
  await expect(reading).rejects.toBeInstanceOf(ClientGone);
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  expect(db.status().counters).toMatchObject({ hangUps: 1, timeouts: 0 });
});

test('a request whose time passes in the queue never reaches the database', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const holding = db.read(ENDLESS, within(300));
  await expect(db.read(small(1), within(50))).rejects.toEqual(deadlineExceeded);
  await expect(holding).rejects.toEqual(deadlineExceeded);
  const [reader] = db.status().processes.filter(({ role }) => role === 'reader');
  expect(reader?.queries).toBe(1);
});

test('a deadline that has passed before the call runs nothing', async () => {
  const { db } = await testPool();
  const deadline = within(0);
  await until(() => deadline.signal.aborted, 1_000);
  await expect(db.read(small(1), deadline)).rejects.toEqual(deadlineExceeded);
  expect(db.status().processes.every(({ queries }) => queries === 0)).toBe(true);
});

test('a full queue refuses at once, and what waits is served in order', async () => {
  const { db } = await testPool({ maxReaders: 1, queueLimit: 2 });
  const client = new AbortController();
  const holding = db.read(ENDLESS, within(60_000, client.signal)).catch(() => 'stopped');
  const order: number[] = [];
  const waiting = [1, 2].map(async (value) => {
    await db.read(small(value), within(10_000));
    order.push(value);
  });
  await expect(db.read(small(3), within(10_000))).rejects.toMatchObject({ code: 'queue_full', status: 503 });
  expect(db.status().queued).toBe(2);
  client.abort();
  await Promise.all([holding, ...waiting]);
  expect(order).toEqual([1, 2]);
});

test('readers are started on demand, up to their number', async () => {
  const { db } = await testPool({ maxReaders: 3 });
  const readers = () => db.status().processes.filter(({ role }) => role === 'reader').length;
  expect(readers()).toBe(1);
  await Promise.allSettled(Array.from({ length: 8 }, () => db.read(ENDLESS, within(1_500))));
  expect(readers()).toBe(3);
});

test('a query that does not stop when interrupted is answered at its deadline all the same, and its process killed', async () => {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-hangs') } });
  await expect(db.read(asked('anything'), within(50))).rejects.toEqual(deadlineExceeded);
  const tookMs = await until(() => db.status().counters['kills'] === 1, 2_000);
  expect(tookMs).toBeGreaterThan(100);
});

test('a reader that dies is followed by another at once, and its query tried again', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const reading = db.read(ENDLESS, within(2_000));
  await until(() => db.status().processes.some(({ role, state }) => role === 'reader' && state === 'busy'), 1_000);
  const victim = db.status().processes.find(({ role }) => role === 'reader');
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await expect(reading).rejects.toEqual(deadlineExceeded); // of the second attempt
  expect(db.status().counters).toMatchObject({ crashes: 1, retries: 1 });
  expect(await db.read(small(2), within(5_000))).toEqual([{ answer: 2 }]);
});

test('a query that kills two processes is not tried on a third', async () => {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-dies-of-a-query') } });
  await expect(db.read(asked('anything'), within(10_000))).rejects.toMatchObject({ code: 'connection_lost' });
  expect(db.status().counters).toMatchObject({ crashes: 2, retries: 1, lostTwice: 1 });
});

test('a second answer to one request is nobody else’s answer', async () => {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-answers-twice') } });
  expect(await db.read(asked('a'), within(5_000))).toEqual([{ answer: 'first of a' }]);
  expect(await db.read(asked('b'), within(5_000))).toEqual([{ answer: 'first of b' }]);
});

test('an answer behind the deadline is nobody else’s answer', async () => {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-answers-late') } });
  await expect(db.read(asked('late'), within(30))).rejects.toEqual(deadlineExceeded);
  expect(await db.read(asked('next'), within(5_000))).toEqual([{ answer: 'next' }]);
});

test('a statement that is wrong is internal, and its text is not in the message', async () => {
  const { db } = await testPool();
  const failure = db.read(asked('SELECT secret FROM nowhere'), within(5_000));
  await expect(failure).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('nowhere') });
});

test('an answer of more than 16 MB is not parsed, and as a page it is passed on', async () => {
  const { db } = await testPool({ settings: testConnection({ softHeapMb: 128, hardHeapMb: 192 }), growthMb: 400 });
  const large = {
    ...asked(
      `SELECT CAST(printf('[{"answer":"%.*c"}]', 16 * 1024 * 1024, 'x') AS BLOB) AS json, 1 AS rows, CAST('0' AS BLOB) AS more`,
    ),
    more: z.number(),
  };
  await expect(db.read(large, within(20_000))).rejects.toMatchObject({
    code: 'memory_limit_exceeded',
    message: 'the result is larger than 16 MB: request it in pages',
  });
  const { bytes } = await db.readPage(large, within(20_000));
  expect(bytes.byteLength).toBeGreaterThan(16 * 1024 * 1024);
});

test('a reader cannot write', async () => {
  const { db } = await testPool();
  const attempt = db.read(asked("INSERT INTO tag (tag_type, tag_name) VALUES ('a', 'b')"), within(5_000));
  await expect(attempt).rejects.toMatchObject({ code: 'read_only' });
});
