import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFileCheck } from '../../src/timed/file-check.ts';
import { lastTimedWork } from '../../src/timed/run-timed-work.ts';
import { jobs, withJobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { type TestPool, testPool, until, within } from '../support/pool.ts';
import { NOW } from '../support/test-app.ts';

const HOUR = 3_600;
const WEEK = 604_800;

/** The check of a pool's file, with an adjustable clock. `lines` is what it logs. */
function checkOf(pool: TestPool, now: { at: number }, logLimitBytes?: number) {
  const lines: string[] = [];
  const check = startFileCheck({
    db: pool.db,
    settings: { QUICK_CHECK_S: WEEK },
    clock: () => now.at,
    log: { info: (_, message) => void lines.push(message), warn: (_, message) => void lines.push(message) },
    ...(logLimitBytes === undefined ? {} : { logLimitBytes }),
  });
  onTestFinished(() => check.stop());
  return { ...check, lines };
}

const recordOf = async ({ db }: TestPool) => (await lastTimedWork({ db })).find(({ name }) => name === 'quickCheck');

test('a file is checked an hour after the first start, then once a week', async () => {
  const pool = await testPool();
  const now = { at: NOW };
  const check = checkOf(pool, now);
  await check.look();
  expect(await recordOf(pool)).toMatchObject({ beganAt: NOW, result: { tables: 0 } });
  now.at += HOUR;
  await check.look();
  const { result } = (await recordOf(pool)) ?? {};
  expect(result).toEqual({ checkedAt: NOW + HOUR, tables: expect.any(Number), problems: [] });
  expect(check.lines).toEqual(['the database file was checked: no damage was found']);
  now.at += WEEK - 1;
  await check.look();
  expect(check.lines).toHaveLength(1);
  now.at += 1;
  await check.look();
  expect(check.lines).toHaveLength(2);
  expect(check.degraded()).toEqual([]);
});

test('damage is in the log, in the record, and counts after a restart', async () => {
  const pool = await testPool({ path: join(testFolder(), 'job.db') });
  await withJobs(pool, jobs(1, 20_000));
  await pool.db.maintain('checkpoint', within(30_000));
  const { size } = statSync(pool.path);
  // Opened in this process, which holds no lock on it. Overwrites a page in the middle of the job table.
  const file = openSync(pool.path, 'r+');
  writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, Math.floor(size / 2 / 4_096) * 4_096);
  closeSync(file);
  const now = { at: NOW };
  const check = checkOf(pool, now);
  await check.look();
  now.at += HOUR;
  await check.look();
  expect(check.degraded()).toEqual(['the last check of the database file found damage: restore a backup']);
  expect(check.lines).toEqual(['the database file is damaged: restore a backup']);
  const again = checkOf(pool, now);
  await again.look();
  expect(again.degraded()).toHaveLength(1);
});

test('a table is given up when the log is too large, and the next check goes on with it', async () => {
  const pool = await testPool();
  const now = { at: NOW };
  const given = checkOf(pool, now, -1);
  await given.look();
  now.at += HOUR;
  await given.look();
  expect(await recordOf(pool)).toMatchObject({ result: { tables: 0, next: 'ccjobs_migrations' } });
  expect(given.lines).toEqual(['the check of the database file was postponed']);
  const check = checkOf(pool, now);
  await check.look();
  expect((await recordOf(pool))?.result).toHaveProperty('next'); // it continues only after an hour
  now.at += HOUR;
  await check.look();
  expect((await recordOf(pool))?.result).toMatchObject({ checkedAt: now.at, problems: [] });
});

test('it runs at the lowest priority, on a reader that is followed by another', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 200_000));
  const now = { at: NOW };
  const check = checkOf(pool, now);
  await check.look();
  now.at += HOUR;
  const before = pool.db.status().processes.map(({ pid }) => pid);
  const checking = check.look();
  const slow = () => pool.db.status().processes.find(({ pid }) => before.includes(pid) && getPriority(pid) === 19);
  await until(() => slow() !== undefined, 20_000);
  const pid = slow()?.pid;
  await checking;
  await until(() => pool.db.status().processes.every((process) => process.pid !== pid), 20_000);
});

test('with one reader it is not taken from those who ask', async () => {
  const pool = await testPool({ maxReaders: 1 });
  const now = { at: NOW };
  const check = checkOf(pool, now);
  await check.look();
  now.at += HOUR;
  await check.look();
  expect(check.lines).toEqual(['the check of the database file was postponed']);
});
