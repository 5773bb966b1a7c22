/** Deadlines also stop questions that the column index is answering. */
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { IndexProtocol } from '../../src/column-index/index-protocol.ts';
import { ALL, BUILD_LIMIT_MS, builtIndex, count, indexed, isReady, jobs, withJobs } from '../support/column-index.ts';
import { fixture, lateMs, testPool, until, within } from '../support/pool.ts';
import { openedProgram } from '../support/program.ts';

vi.setConfig({ testTimeout: 2 * BUILD_LIMIT_MS, hookTimeout: BUILD_LIMIT_MS });

test('a deadline ends a question at once, and the index serves on', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 30_000));
  const both = indexed(pool);
  await isReady(both);
  let ended = 0;
  for (let ms = 1; ms <= 12; ms += 1) {
    const options = { nowSec: 10_000 + ms, shortJobSec: 300, groupBy: ['user'] } as const;
    const reading = both.questions.statistics(ALL, options, within(ms)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'deadline_exceeded' });
      ended += 1;
    });
    expect(await lateMs(reading, ms)).toBeLessThan(150);
  }
  expect(ended).toBeGreaterThan(0);
  expect(await count(both)).toBe(30_000);
  expect(both.index.status()).toMatchObject({ state: 'ready', counters: { kills: 0, crashes: 0 } });
});

test('so it does while thousands of changes are taken over, and none is lost', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 12_000));
  const both = indexed(pool);
  await isReady(both);
  let ended = 0;
  for (let round = 1; round <= 8; round += 1) {
    await withJobs(pool, `UPDATE job SET hpc_user = 'user${round}'`);
    await count(both, 10 * round).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'deadline_exceeded' });
      ended += 1;
    });
  }
  expect(ended).toBeGreaterThan(0);
  const options = { nowSec: 10_000, shortJobSec: 300, groupBy: ['user'] } as const;
  const [group] = await both.questions.statistics(ALL, options, within(20_000));
  expect(group).toMatchObject({ id: 'user8', totalJobs: 12_000 });
  expect(both.index.status().counters).toMatchObject({ kills: 0, crashes: 0 });
});

test('an interrupt stops the program while it takes over changes', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 12_000));
  const options = {
    ...{ databasePath: pool.path, path: `${pool.path}.columns`, memoryMb: 128 },
    ...{ tempDir: dirname(pool.path), spillMb: 64, shortJobSec: 300 },
  };
  (await builtIndex(options)).close();
  await withJobs(pool, 'UPDATE job SET energy = 1');
  const program = join(import.meta.dirname, '../../src/column-index/program.ts');
  const { child, send, next } = await openedProgram<IndexProtocol>(program, { ...options, fresh: false });
  child.kill('SIGSTOP'); // it reads both messages at once
  send({ kind: 'call', id: 1, name: 'follow', input: null });
  send({ kind: 'interrupt', id: 1 });
  child.kill('SIGCONT');
  expect(await next()).toMatchObject({ kind: 'failed', id: 1, fault: { cause: expect.stringMatching(/abort/i) } });
});

test('one that cannot be interrupted is killed, and another process follows', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 10));
  const both = indexed(pool, { program: fixture('columns-that-hang') });
  await isReady(both);
  const [first] = both.index.processes();
  const reading = count(both, 100);
  expect(await lateMs(reading, 100)).toBeLessThan(200);
  await expect(reading).rejects.toMatchObject({ code: 'deadline_exceeded' });
  await until(() => both.index.state.name !== 'ready', 2_000);
  expect(both.index.status().counters.kills).toBe(1);
  await isReady(both);
  expect(both.index.processes()[0]?.pid).not.toBe(first?.pid);
});

test('who hangs up leaves the answer to others who wait for the same', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 30_000));
  const both = indexed(pool);
  await isReady(both);
  const all = [count(both), count(both), count(both, 1), count(both)];
  const answers = await Promise.allSettled(all);
  expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(3);
});
