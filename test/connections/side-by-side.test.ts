import { expect, test } from 'vitest';
import { textOf } from '../../src/db/driver/driver-values.ts';
import type { Database, Page } from '../../src/db/port.ts';
import { ClientGone } from '../../src/deadline.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { type ReadBatch, readAhead } from '../../src/questions/list/read-ahead.ts';
import type { JobsBatch } from '../../src/questions/list/sqlite.ts';
import { oneJob } from '../support/one-job.ts';
import { small, testPool, until, within } from '../support/pool.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const JOBS = 20_000;
const NEWEST_FIRST = Array.from({ length: JOBS }, (_, at) => JOBS - 1 - at);

/** A pool with jobs, and a list of all of them that reads two batches at a time. */
async function listed(maxReaders: number) {
  const client = new AbortController();
  const { db } = await testPool({ maxReaders });
  const rows = Array.from({ length: JOBS }, (_, at) => oneJob({ jobId: BigInt(at), startTime: 1_600_000_000 + at }));
  await db.write('insertJobs', { rows, tags: [] }, within(30_000));
  const list = (onRead: () => void = () => {}) => {
    const next = listBatches(ALL, { page: 1, itemsPerPage: JOBS, withMetadata: false, nowSec: 1_700_000_000 });
    const read: ReadBatch<JobsBatch> = (statement) => {
      const reading = db.readPage(statement, within(20_000, client.signal));
      onRead();
      return reading;
    };
    return readAhead(next, read, { mayRead: () => true, width: () => 2 });
  };
  return { db, client, list };
}

function readers(db: Database) {
  return db.status().processes.filter(({ role }) => role === 'reader');
}

function busy(db: Database) {
  return readers(db).filter(({ state }) => state === 'busy');
}

/** The job ids of a list, in its order. */
async function idsOf(list: AsyncGenerator<Page<JobsBatch>>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { bytes } of list) {
    const batch: { jobId: number }[] = JSON.parse(`[${textOf(bytes)}]`);
    ids.push(...batch.map(({ jobId }) => jobId));
  }
  return ids;
}

test('a list is read by two processes, each row once and in its order', async () => {
  const { db, list } = await listed(2);
  expect(await idsOf(list())).toEqual(NEWEST_FIRST); // the second reader may still be starting
  const areThere = () => readers(db).filter(({ state }) => state === 'idle').length === 2;
  await until(areThere, 10_000, () => readers(db));
  expect(await idsOf(list())).toEqual(NEWEST_FIRST);
  const [one = 0, other = 0] = readers(db).map(({ queries }) => queries);
  expect(Math.min(one, other)).toBeGreaterThan(10);
});

test('with one process they come one after the other', async () => {
  const { list } = await listed(1);
  expect(await idsOf(list())).toEqual(NEWEST_FIRST);
});

test('processes that die meanwhile leave no gap, and nothing comes twice', async () => {
  const { db, list } = await listed(2);
  let batches = 0;
  const killed = new Set<number>();
  const ids = await idsOf(
    list(() => {
      batches += 1;
      const [victim] = busy(db).filter(({ pid }) => !killed.has(pid));
      if (batches % 10 !== 5 || victim === undefined) return;
      process.kill(victim.pid, 'SIGKILL');
      killed.add(victim.pid);
    }),
  );
  expect(ids).toEqual(NEWEST_FIRST);
  expect(killed.size).toBeGreaterThan(0);
  expect(db.status().counters).toMatchObject({ crashes: killed.size });
});

test('a list ends when its client has gone, and its processes serve on', async () => {
  const { db, client, list: begin } = await listed(2);
  const list = begin();
  await list.next();
  await list.next();
  client.abort();
  await expect(idsOf(list)).rejects.toBeInstanceOf(ClientGone);
  await until(() => busy(db).length === 0, 10_000);
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  expect(db.status().counters).toMatchObject({ kills: 0 });
});

test('nothing is read for a consumer that has left', async () => {
  const { db, list: begin } = await listed(2);
  const list = begin();
  await list.next();
  await list.next();
  await list.return();
  await until(() => busy(db).length === 0, 10_000);
  const queries = () => readers(db).reduce((sum, reader) => sum + reader.queries, 0);
  const before = queries();
  for (let asked = 1; asked <= 5; asked++) {
    await db.read(small(asked), within(60_000));
    expect(queries()).toBe(before + asked);
  }
});
