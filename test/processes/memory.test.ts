import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { asked, fixture, hungry, small, testPool, until, within } from '../support/pool.ts';

test('a query that needs more than the hard heap limit fails cleanly, and its process is replaced', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const pids = () =>
    db
      .status()
      .processes.filter(({ role }) => role === 'reader')
      .map(({ pid }) => pid);
  const [before] = pids();
  await expect(db.read(hungry(200), within(10_000))).rejects.toMatchObject({
    code: 'memory_limit_exceeded',
    status: 503,
  });
  await until(
    () => pids().length === 1 && pids()[0] !== before,
    5_000,
    () => db.status(),
  );
  expect(await db.read(small(3), within(5_000))).toEqual([{ answer: 3 }]);
});

test('memory that no heap limit sees is seen from outside, and its process stopped', async () => {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-leaks') } });
  await expect(db.read(asked('anything'), within(20_000))).rejects.toMatchObject({ code: 'memory_limit_exceeded' });
  await until(() => db.status().counters['kills'] === 1, 2_000);
});

test('what a query took is given back within seconds', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const readers = () => db.status().processes.filter(({ role }) => role === 'reader');
  const [before] = readers();
  await db.read(hungry(30), within(10_000)); // within its limits
  await until(() => readers().every(({ rssMb }) => rssMb < (before?.rssMb ?? 0) + 20), 5_000, readers);
});

/** A pool of one reader that keeps this many MB after its first query, and ignores requests. */
async function keeping(mb: number) {
  const { db } = await testPool({ maxReaders: 1, programs: { reader: fixture('child-that-keeps') } });
  const pids = () =>
    db
      .status()
      .processes.filter(({ role }) => role === 'reader')
      .map(({ pid }) => pid);
  const before = pids();
  const isReplaced = () => pids().length === 1 && pids()[0] !== before[0];
  const ask = async () => {
    expect(await db.read(asked(String(mb)), within(10_000))).toEqual([{ answer: 'kept' }]);
    await sleep(5);
  };
  await ask();
  return { db, ask, pids, isReplaced };
}

test('what a process keeps is seen from outside: it need not say so to be replaced', async () => {
  const { db, pids, isReplaced } = await keeping(40);
  await until(isReplaced, 5_000, pids);
  expect(db.status().counters).toMatchObject({ replacements: 1, kills: 0 });
});

test('one that is at work all the time may keep as much as a long list takes, until it rests', async () => {
  const { db, ask, pids, isReplaced } = await keeping(40);
  for (const end = performance.now() + 1_500; performance.now() < end; ) await ask();
  expect(db.status().counters).toMatchObject({ replacements: 0 });
  await until(isReplaced, 5_000, pids);
});

test('one that keeps more is replaced at work, and serves until its spare does', async () => {
  const { ask, isReplaced } = await keeping(60);
  let served = 0;
  for (const end = performance.now() + 100_000; !isReplaced() && performance.now() < end; ) {
    await ask();
    served += 1;
  }
  expect(isReplaced()).toBe(true);
  expect(served).toBeGreaterThan(5);
});

test('an idle reader is retired, and the last one stays', async () => {
  const { db } = await testPool({ maxReaders: 3, maxIdleMs: 300 });
  const readers = () => db.status().processes.filter(({ role }) => role === 'reader');
  await Promise.all(Array.from({ length: 12 }, () => db.read(hungry(4), within(20_000))));
  await until(() => readers().length === 1 && readers()[0]?.state === 'idle', 10_000, readers);
  expect(await db.read(small(5), within(5_000))).toEqual([{ answer: 5 }]);
});
