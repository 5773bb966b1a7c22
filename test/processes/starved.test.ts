/** A process that gets too little CPU is not killed for being late. One that had its CPU time is, and one without any. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cpuMsOf } from '../../src/processes/cpu-time.ts';
import { afterWorking } from '../../src/processes/late-timer.ts';
import { until } from '../support/pool.ts';
import { waiting } from '../support/waiting-process.ts';

const NEVER_MS = 1_000_000;

/** Uses this much CPU time in short turns of the event loop. */
async function compute(cpuMs: number): Promise<void> {
  const before = process.cpuUsage();
  const used = () => process.cpuUsage(before);
  while (used().user + used().system < cpuMs * 1000) {
    for (let i = 0; i < 100_000; i++);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a process that was denied the CPU for three times its grace period ends its call and is not killed', async () => {
  const { process: late, counters } = await waiting();
  const call = late.start('obedient', null);
  process.kill(late.pid, 'SIGSTOP');
  late.abandon(new Error('too late'), 200);
  await expect(call.output).rejects.toThrow('too late'); // the answer does not wait for the process
  await sleep(600);
  process.kill(late.pid, 'SIGCONT');
  await call.ended;
  expect([late.state.name, counters.kills]).toEqual(['idle', 0]);
  late.stop();
  await late.gone;
});

test('one that stays stopped is killed', async () => {
  const { process: stopped, counters } = await waiting();
  const call = stopped.start('obedient', null);
  process.kill(stopped.pid, 'SIGSTOP');
  stopped.abandon(new Error('too late'), 50);
  await expect(call.output).rejects.toThrow('too late');
  await stopped.gone;
  expect(counters.kills).toBe(1);
});

test('time is up when the CPU time is used, long before the limit in wall time', async () => {
  let isUp = false;
  const usedBefore = cpuMsOf(process.pid) ?? 0;
  afterWorking(process.pid, { cpuMs: 100, wallMs: NEVER_MS }, () => {
    isUp = true;
  });
  while (!isUp) await compute(10);
  expect((cpuMsOf(process.pid) ?? 0) - usedBefore).toBeGreaterThanOrEqual(100);
});

test('and after that limit, whatever the process has used; once cleared, never', async () => {
  const { process: idle } = await waiting();
  const up: string[] = [];
  afterWorking(idle.pid, { cpuMs: 300, wallMs: 600 }, () => up.push('limit'));
  const clear = afterWorking(idle.pid, { cpuMs: 20, wallMs: 100 }, () => up.push('cleared'));
  await sleep(50); // it waits for the second time
  clear();
  await until(() => up.length > 0, 2_000);
  expect(up).toEqual(['limit']);
  idle.kill();
});

test('a process of which the system knows no CPU time has had its time by the clock', async () => {
  const { process: ended } = await waiting();
  ended.kill();
  await ended.gone;
  expect(cpuMsOf(ended.pid)).toBeUndefined();
  await new Promise<void>((resolve) => afterWorking(ended.pid, { cpuMs: 20, wallMs: NEVER_MS }, resolve));
});
