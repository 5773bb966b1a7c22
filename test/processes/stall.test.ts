/** A pause of the parent, or of the whole machine, does no harm to processes that have answered. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { afterWaiting } from '../../src/processes/late-timer.ts';
import { databaseFile } from '../support/local-database.ts';
import { ENDLESS, fixture, small, testPool, until, within } from '../support/pool.ts';

/** Blocks the event loop. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a parent that is blocked beyond the grace does not kill a reader that has stopped its query', async () => {
  const { db, warnings } = await testPool({ maxReaders: 1 });
  await db.read(small(1), within(20_000));
  const before = db.status().processes.map(({ pid }) => pid);
  const gone = new AbortController();
  const reading = db.read(ENDLESS, within(60_000, gone.signal)).catch((error: Error) => error.name);
  await until(() => db.status().processes.some(({ state }) => state === 'busy'), 20_000);
  await sleep(20); // the query is running
  gone.abort(); // the interrupt has been sent
  block(1_500);
  expect(db.status().alive).toBe(true); // its messages have not been read yet
  expect(await reading).toBe('ClientGone');
  await until(() => db.status().processes.every(({ state }) => state === 'idle'), 20_000);
  expect(db.status()).toMatchObject({ alive: true, counters: { kills: 0, crashes: 0, interrupts: 1 } });
  expect(db.status().processes.map(({ pid }) => pid)).toEqual(before);
  expect(warnings).toEqual([]);
});

test('one that is stopped and goes on seconds later kills none of its processes', async () => {
  const path = await databaseFile();
  const child = spawn(process.execPath, [fixture('service-that-is-stopped'), path]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const told = text(child.stdout);
  const said = text(child.stderr);
  const isStopped = () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1').replace(/^.*\)/s, ''));
  await until(isStopped, 25_000);
  await sleep(4_000); // longer than every grace period
  child.kill('SIGCONT');
  const { before, after, ...more } = JSON.parse((await told) || (await said));
  expect(more).toEqual({ isAliveAtOnce: true, alive: true, codes: Array(2).fill('deadline_exceeded'), kills: 0 });
  expect(after).toEqual(before);
});

test('what is cleared in the turn after a late timer does not happen; what is not, does', async () => {
  const happened: string[] = [];
  const clearOne = afterWaiting(20, () => happened.push('one'));
  afterWaiting(20, () => happened.push('other'));
  block(200);
  setTimeout(clearOne, 0);
  await until(() => happened.length > 0, 20_000);
  await sleep(50);
  expect(happened).toEqual(['other']);
});

test('a timer that fires late waits once more: what was stopped as well has had no time to answer', async () => {
  let happened = false;
  const startedAt = performance.now();
  afterWaiting(500, () => {
    happened = true;
  });
  block(800);
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(happened).toBe(false);
  await until(() => happened, 20_000);
  expect(performance.now() - startedAt).toBeGreaterThan(1_250);
});

test('a shortage that nothing caught is logged, any other error ends the process', async () => {
  const run = promisify(execFile)(process.execPath, [fixture('shortage-in-a-timer')]);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: 'still here\n',
    stderr: expect.stringMatching(/out of files, memory or processes.*Error: thrown: EOTHER/s),
  });
});
