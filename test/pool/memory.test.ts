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
  const { db } = await testPool({ maxReaders: 1, program: fixture('child-that-leaks') });
  await expect(db.read(asked('anything'), within(20_000))).rejects.toMatchObject({ code: 'memory_limit_exceeded' });
  await until(() => db.status().counters['kills'] === 1, 2_000);
});

test('a reader that keeps memory after its query is replaced, and serves until its spare does', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const readers = () => db.status().processes.filter(({ role }) => role === 'reader');
  const [before] = readers();
  await db.read(hungry(30), within(10_000)); // within its limits, above what it may keep
  let served = 0;
  while (readers().some(({ pid }) => pid === before?.pid)) {
    await db.read(small(1), within(5_000));
    served += 1;
    if (served > 20_000) break; // it gave its memory back by itself: nothing to replace
  }
  await until(() => readers().every(({ rssMb }) => rssMb < (before?.rssMb ?? 0) + 20), 5_000, readers);
  expect(served).toBeGreaterThan(0);
});

test('what a process keeps is seen from outside: it need not say so to be replaced', async () => {
  const { db } = await testPool({ maxReaders: 1, program: fixture('child-that-keeps') });
  const pids = () =>
    db
      .status()
      .processes.filter(({ role }) => role === 'reader')
      .map(({ pid }) => pid);
  const before = pids();
  expect(await db.read(asked('anything'), within(10_000))).toEqual([{ answer: 'kept' }]);
  await until(() => pids().length === 1 && pids()[0] !== before[0], 5_000, pids);
  expect(db.status().counters).toMatchObject({ replacements: 1, kills: 0 });
});

test('an idle reader is retired, and the last one stays', async () => {
  const { db } = await testPool({ maxReaders: 3, maxIdleMs: 300 });
  const readers = () => db.status().processes.filter(({ role }) => role === 'reader');
  await Promise.all(Array.from({ length: 12 }, () => db.read(hungry(4), within(20_000))));
  await until(() => readers().length === 1 && readers()[0]?.state === 'idle', 10_000, readers);
  expect(await db.read(small(5), within(5_000))).toEqual([{ answer: 5 }]);
});
