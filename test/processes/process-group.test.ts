import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { newCounters } from '../../src/processes/counters.ts';
import { DatabaseProcess } from '../../src/processes/managed-process.ts';
import { Crew } from '../../src/processes/process-group.ts';
import { SpareSlot } from '../../src/processes/replacement-permit.ts';
import { CONNECTION_PROGRAM } from '../../src/processes/spawn.ts';
import { ENDLESS, testFolder, until } from '../support/pool.ts';

interface Options {
  max: number;
  spareSlot?: SpareSlot;
  onState?: (process: DatabaseProcess) => void;
}

/** Readers on a file of their own, and every process that was ever started for them. */
async function crewOf({ max, spareSlot = new SpareSlot(), onState = () => {} }: Options) {
  const path = join(testFolder(), 'job.db');
  await migrate(path);
  const counters = newCounters();
  const started: DatabaseProcess[] = [];
  const heap = 2 ** 25; // bytes
  const options = {
    path,
    role: 'reader',
    cacheKib: 1024,
    softHeapLimitBytes: heap,
    hardHeapLimitBytes: 2 * heap,
  } as const;
  const crew = new Crew({
    max,
    queueLimit: 8,
    callerLimit: 8,
    maxIdleMs: 600_000,
    spareSlot,
    counters,
    log: () => {},
    start: (changed) => {
      const process = new DatabaseProcess({
        log: () => {},
        role: 'reader',
        growthMb: 500,
        counters,
        program: { file: CONNECTION_PROGRAM, heapMb: 64, env: {} },
        open: { kind: 'open', id: 0, options },
        onState: (one) => {
          changed(one);
          onState(one);
        },
      });
      started.push(process);
      return process;
    },
  });
  onTestFinished(() => crew.close(200));
  await crew.open();
  const living = () => started.filter(({ state }) => state.name !== 'gone');
  return { crew, started, living };
}

const work = (process: DatabaseProcess) => process.run({ kind: 'query', sql: ENDLESS.sql, parameters: [] });
const never = { signal: new AbortController().signal, caller: 'ada' };

/** Puts every process of a crew to work that does not end. */
async function allBusy(crew: Crew, size: number) {
  for (let count = 0; count < size; count += 1) crew.use(never, work).catch(() => {});
  const busy = () => crew.members.length === size && crew.members.every(({ state }) => state.name === 'busy');
  await until(busy, 5_000, () => crew.members.map(({ state }) => state.name));
}

test('a crew that is closed while one of its processes is replaced leaves none', async () => {
  let closed: Promise<void> | undefined;
  const { crew, started, living } = await crewOf({
    max: 2,
    onState: (one) => {
      // The stop of the service comes in the tick in which a worn process is sent away.
      if (one.state.name === 'stopping') closed ??= crew.close(1_000);
    },
  });
  await allBusy(crew, 2);
  for (const member of crew.members) member.worn = true;
  crew.tend();
  await until(() => started[2]?.state.name === 'idle', 5_000);
  started[0]?.abandon(new Error('interrupted'));
  await until(() => closed !== undefined, 5_000);
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(living()).toEqual([]);
});

test('a process that dies while its spare comes is followed by that spare alone', async () => {
  const { crew, living } = await crewOf({ max: 1 });
  await allBusy(crew, 1);
  const [worn] = crew.members;
  if (worn === undefined) throw new Error('there is one');
  worn.worn = true;
  crew.tend();
  expect(living()).toHaveLength(2);
  worn.kill('the test wants it');
  await worn.gone;
  await until(() => crew.members.some(({ state }) => state.name === 'idle'), 5_000);
  expect(living()).toHaveLength(1);
});

test('of several crews one at a time has a spare, and the next when the replaced process has ended', async () => {
  const spareSlot = new SpareSlot();
  const one = await crewOf({ max: 1, spareSlot });
  const other = await crewOf({ max: 1, spareSlot });
  for (const { crew } of [one, other]) {
    await until(() => crew.members.every(({ state }) => state.name === 'idle'), 5_000);
    for (const member of crew.members) member.worn = true;
  }
  let most = 0;
  const done = () => {
    for (const { crew } of [one, other]) crew.tend();
    most = Math.max(most, one.living().length + other.living().length);
    return [one, other].every(({ started, living }) => started.length === 2 && living().length === 1);
  };
  await until(done, 10_000);
  expect(most).toBe(3);
});
