import { expect, onTestFinished, test } from 'vitest';
import type { ReaderProtocol } from '../../src/connections/connection-protocol.ts';
import { PROGRAMS } from '../../src/connections/start-connection.ts';
import { newCounters } from '../../src/processes/counters.ts';
import { ManagedProcess } from '../../src/processes/managed-process.ts';
import { ProcessGroup } from '../../src/processes/process-group.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { testConnection } from '../support/connection-settings.ts';
import { databaseFile } from '../support/local-database.ts';
import { ENDLESS, until } from '../support/pool.ts';

interface Options {
  max: number;
  replacementPermit?: ReplacementPermit;
  onState?: (process: ManagedProcess<ReaderProtocol>) => void;
}

/** Readers on a separate file, and every process that was started for them. */
async function groupOf({ max, replacementPermit = new ReplacementPermit(), onState = () => {} }: Options) {
  const path = await databaseFile();
  const counters = newCounters();
  const started: ManagedProcess<ReaderProtocol>[] = [];
  const options = {
    path,
    role: 'reader',
    settings: testConnection({ cacheMb: 1, softHeapMb: 32, hardHeapMb: 64 }),
  } as const;
  const group = new ProcessGroup<ReaderProtocol>({
    max,
    queueLimit: 8,
    callerLimit: 8,
    maxIdleMs: 600_000,
    replacementPermit,
    counters,
    log: () => {},
    start: (changed) => {
      const process = new ManagedProcess<ReaderProtocol>({
        log: () => {},
        role: 'reader',
        growthMb: 500,
        counters,
        program: { file: PROGRAMS.reader, heapMb: 64, env: {} },
        open: options,
        onState: (one) => {
          changed(one);
          onState(one);
        },
      });
      started.push(process);
      return process;
    },
  });
  onTestFinished(() => group.close(200));
  await group.open();
  const living = () => started.filter(({ state }) => state.name !== 'gone');
  return { group, started, living };
}

const work = (process: ManagedProcess<ReaderProtocol>) =>
  process.run('query', { name: 'endless', sql: ENDLESS.sql, parameters: [] });
const never = { signal: new AbortController().signal, caller: 'ada' };

/** Gives every process of a group an endless task. */
async function allBusy(group: ProcessGroup<ReaderProtocol>, size: number) {
  for (let count = 0; count < size; count += 1) group.use(never, work).catch(() => {});
  const busy = () => group.members.length === size && group.members.every(({ state }) => state.name === 'busy');
  await until(busy, 5_000, () => group.members.map(({ state }) => state.name));
}

test('a group that is closed while one of its processes is replaced leaves none', async () => {
  let closed: Promise<void> | undefined;
  const { group, started, living } = await groupOf({
    max: 2,
    onState: (one) => {
      // The service stops in the same tick in which a process is dismissed for replacement.
      if (one.state.name === 'stopping') closed ??= group.close(1_000);
    },
  });
  await allBusy(group, 2);
  for (const member of group.members) member.needsReplacement = true;
  group.housekeeping();
  await until(() => started[2]?.state.name === 'idle', 5_000);
  started[0]?.abandon(new Error('interrupted'));
  await until(() => closed !== undefined, 5_000);
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(living()).toEqual([]);
});

test('a group that is closed refuses work, and starts no process for it', async () => {
  const { group, started } = await groupOf({ max: 1 });
  await group.close(1_000);
  const before = started.length;
  await expect(group.use({ ...never, signal: AbortSignal.timeout(5_000) }, work)).rejects.toMatchObject({
    code: 'queue_full',
    message: expect.stringContaining('shutting down'),
  });
  expect(started).toHaveLength(before);
});

test('a process that dies while its spare comes is followed by that spare alone', async () => {
  const { group, living } = await groupOf({ max: 1 });
  await allBusy(group, 1);
  const [needsReplacement] = group.members;
  if (needsReplacement === undefined) throw new Error('there is one');
  needsReplacement.needsReplacement = true;
  group.housekeeping();
  expect(living()).toHaveLength(2);
  needsReplacement.kill('the test wants it');
  await needsReplacement.gone;
  await until(() => group.members.some(({ state }) => state.name === 'idle'), 5_000);
  expect(living()).toHaveLength(1);
});

test('of several groups one at a time has a spare, and the next when the replaced process has ended', async () => {
  const replacementPermit = new ReplacementPermit();
  const one = await groupOf({ max: 1, replacementPermit });
  const other = await groupOf({ max: 1, replacementPermit });
  for (const { group } of [one, other]) {
    await until(() => group.members.every(({ state }) => state.name === 'idle'), 5_000);
    for (const member of group.members) member.needsReplacement = true;
  }
  let most = 0;
  const done = () => {
    for (const { group } of [one, other]) group.housekeeping();
    most = Math.max(most, one.living().length + other.living().length);
    return [one, other].every(({ started, living }) => started.length === 2 && living().length === 1);
  };
  await until(done, 10_000);
  expect(most).toBe(3);
});

test('a spare takes the place of the process it replaces, so that others stay in use', async () => {
  const { group, started } = await groupOf({ max: 3 });
  await allBusy(group, 3);
  for (const member of group.members) member.abandon(new Error('enough'));
  await until(() => group.members.every(({ state }) => state.name === 'idle'), 10_000);
  const used = async () => {
    let pid = 0;
    await group.use(never, async (process) => {
      ({ pid } = process);
      await process.run('query', { name: 'small', sql: "SELECT CAST('[]' AS BLOB) AS json", parameters: [] });
    });
    return pid;
  };
  const before = await used();
  const resting = group.members.find(({ pid }) => pid !== before);
  if (resting === undefined) throw new Error('there are three');
  resting.needsReplacement = true;
  const replaced = () => {
    group.housekeeping();
    return resting.state.name === 'gone' && group.members.every(({ state }) => state.name === 'idle');
  };
  await until(replaced, 10_000);
  expect(started).toHaveLength(4);
  expect(await used()).toBe(before);
});
