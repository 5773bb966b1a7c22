/** Callers share the queues for readers, for the writer and for the processes of the archive. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../src/archive/archive-processes.ts';
import { jobFolder } from '../../src/archive/layout.ts';
import type { Deadline } from '../../src/deadline.ts';
import type { Fault } from '../../src/faults.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { testFolder } from '../support/folder.ts';
import { oneJob } from '../support/one-job.ts';
import { ENDLESS, small, testPool, until, within } from '../support/pool.ts';

const LIMIT_MS = 60_000;

/** The deadline of a request of this caller. */
const as = (caller: string, gone?: AbortSignal): Deadline => ({ ...within(LIMIT_MS, gone), caller });

/** A reader that works until the test releases it. */
async function heldReader(db: Awaited<ReturnType<typeof testPool>>['db'], caller: string) {
  const client = new AbortController();
  const busy = () => db.status().processes.filter(({ role, state }) => role === 'reader' && state === 'busy').length;
  const before = busy();
  const ended = db.read(ENDLESS, as(caller, client.signal)).catch(() => 'stopped');
  await until(() => busy() > before, LIMIT_MS);
  return async () => {
    client.abort();
    await ended;
  };
}

test('reads of several callers are run in turn', async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const letGo = await heldReader(db, 'ada');
  const order: string[] = [];
  const reading = ['ada', 'ada', 'ada', 'ben', 'ben', 'cleo'].map(async (caller, at) => {
    await db.read(small(at), as(caller));
    order.push(caller);
  });
  await letGo();
  await Promise.all(reading);
  expect(order).toEqual(['ben', 'cleo', 'ada', 'ben', 'ada', 'ada']); // ada has just had a turn
});

test('a caller with every reader at work, and a full queue, leaves the next reader to another', async () => {
  const { db } = await testPool({ maxReaders: 2, queueLimit: 3 });
  const letGo = [await heldReader(db, 'ada'), await heldReader(db, 'ada')];
  const waiting = [1, 2, 3].map((value) =>
    db.read(small(value), as('ada')).then(
      () => 'read',
      (error: Error) => error.message,
    ),
  );
  const other = db.read(small(4), as('ben'));
  expect(await waiting[2]).toMatch(/^5 of your own requests are already running or waiting/);
  expect(db.status().counters['queueFull']).toBe(1);
  await letGo[0]?.();
  expect(await other).toEqual([{ answer: 4 }]);
  await letGo[1]?.();
  expect(await Promise.all(waiting.slice(0, 2))).toEqual(['read', 'read']);
});

test('while others ask, one reader is left to them: who comes does not wait', async () => {
  const { db } = await testPool({ maxReaders: 2 });
  await db.read(small(1), as('ben'));
  const letGo = await heldReader(db, 'ada');
  const second = db.read(ENDLESS, as('ada')).catch(() => 'stopped'); // it must wait, otherwise ben would have to
  expect(await db.read(small(2), as('ben'))).toEqual([{ answer: 2 }]);
  expect(db.status().queued).toBe(1);
  await db.close(0);
  await Promise.all([second, letGo()]);
});

test('writes of several callers are run in turn', async () => {
  const { db } = await testPool();
  const order: string[] = [];
  const writing = ['ada', 'ada', 'ada', 'ben', 'ben', 'cleo'].map(async (caller, at) => {
    await db.write('insertJobs', { rows: [oneJob({ jobId: BigInt(at) })], tags: [] }, as(caller));
    order.push(caller);
  });
  await Promise.all(writing);
  expect(order).toEqual(['ada', 'ben', 'cleo', 'ada', 'ben', 'ada']);
});

const JOB = { cluster: 'small', jobId: 1n, startTime: 1_700_000_000 };
const PLOTS = { job: JOB, metrics: null, scopes: null, resolution: null, shape: 'map' } as const;

function archiveOf(memoryMb = 248) {
  const root = testFolder();
  const archive = openArchive({
    root,
    memoryMb,
    queueLimit: 16,
    callerLimit: 16,
    maxIdleMs: 600_000,
    replacementPermit: new ReplacementPermit(),
    log: { warn() {} },
  });
  onTestFinished(() => archive.close(500));
  const decoder = () => archive.status().processes.find(({ role, state }) => role === 'decoder' && state !== 'gone');
  return { archive, root, decoder };
}

test('the archive is shared by caller too', async () => {
  const { archive, decoder } = archiveOf();
  await archive.jobData(PLOTS, as('ada'));
  process.kill(decoder()?.pid ?? 0, 'SIGSTOP');
  const order: string[] = [];
  const asked = ['ada', 'ada', 'ada', 'ben'].map(async (caller) => {
    await archive.jobData(PLOTS, as(caller));
    order.push(caller);
  });
  process.kill(decoder()?.pid ?? 0, 'SIGCONT');
  await Promise.all(asked);
  expect(order).toEqual(['ada', 'ben', 'ada', 'ada']);
});

test('a job that the decoder has no memory for is refused at once the next time, and others are not', async () => {
  const { archive, root } = archiveOf(160); // 24 MB for decoding
  const folder = jobFolder(root, JOB) ?? '';
  mkdirSync(folder, { recursive: true });
  const data = Array.from({ length: 4_000_000 }, () => 1.25);
  const metric = { node: { unit: { base: 'B' }, timestep: 60, series: [{ hostname: 'n1', statistics: {}, data }] } };
  writeFileSync(join(folder, 'data.json'), JSON.stringify({ mem_used: metric }));

  const first = await archive.jobData(PLOTS, as('ada')).then(
    () => undefined,
    (error: Fault) => error,
  );
  expect(['memory_limit_exceeded', 'connection_lost']).toContain(first?.code);
  expect(first?.message).toMatch(/the metric data of this job/);
  const { counters } = archive.status();
  await expect(archive.jobData(PLOTS, as('ben'))).rejects.toMatchObject({
    code: first?.code,
    message: expect.stringMatching(/the metric data of this job .*; retry in \d+ s$/),
  });
  expect(archive.status().counters).toEqual(counters); // no process was used
  expect(await archive.jobData({ ...PLOTS, job: { ...JOB, jobId: 2n } }, as('ada'))).toBeNull();
});
