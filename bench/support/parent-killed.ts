import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './processes.ts';
import { atMost, type Check, spread } from './table.ts';

const ROUNDS = 10;
const CHILD_LIMIT_MS = 250;
const GIVE_UP_MS = 5_000;

/** Kills the process of a pool whose readers are idle or run scans. Measures how long its children survive. */
export async function parentKilled(path: string): Promise<Check[]> {
  const timesMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) timesMs.push(await oneRound(path, round % 2 === 1));
  return [
    atMost('the parent killed: its last child gone after, worst round', Math.max(...timesMs), CHILD_LIMIT_MS, ' ms'),
    { what: 'the parent killed', limit: '', measured: spread(timesMs), ok: undefined },
  ];
}

async function oneRound(path: string, busy: boolean): Promise<number> {
  const parent: ChildProcess = fork(join(import.meta.dirname, 'pool-process.ts'), [path, busy ? 'busy' : 'idle'], {
    execArgv: [],
  });
  const [children] = (await once(parent, 'message')) as [number[]];
  const gone = once(parent, 'exit');
  const killedAt = performance.now();
  parent.kill('SIGKILL');
  await gone;
  while (children.some(isAlive) && performance.now() - killedAt < GIVE_UP_MS) await sleep(1);
  const ms = performance.now() - killedAt;
  for (const pid of children) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  return ms;
}
