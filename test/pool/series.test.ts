import { expect, test } from 'vitest';
import { ClientGone } from '../../src/db/deadline.ts';
import { textOf } from '../../src/db/driver-values.ts';
import type { Database, Page } from '../../src/db/port.ts';
import type { JobsBatch } from '../../src/db/statements/jobs-batch.ts';
import { jobsPage } from '../../src/db/statements/jobs-page.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { oneJob } from '../support/one-job.ts';
import { small, testPool, until, within } from '../support/pool.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const JOBS = 20_000;
const MOST = 100;

/** A pool of one reader with jobs, and the first batch of all of them but a hundred as a series. */
async function seriesOf() {
  const client = new AbortController();
  const { db } = await testPool({ maxReaders: 1 });
  const rows = Array.from({ length: JOBS }, (_, at) => oneJob({ jobId: BigInt(at), startTime: 1_600_000_000 + at }));
  await db.write('insertJobs', { rows, tags: [] }, within(30_000));
  const next = jobsPage(ALL, { page: 1, itemsPerPage: JOBS, withMetadata: false, nowSec: 1_700_000_000 });
  const read = (before?: Page<JobsBatch>) => {
    const statement = next(before, MOST) ?? expect.fail('no statement');
    return db.readPage(statement, within(20_000, client.signal));
  };
  return { db, client, first: await read(await read()) };
}

async function idsBehind(first: Page<JobsBatch>): Promise<number[]> {
  const ids: number[] = [];
  for (let page: Page<JobsBatch> | undefined = first; page !== undefined; page = await page.behind) {
    const batch: { jobId: number }[] = JSON.parse(`[${textOf(page.bytes)}]`);
    expect(batch).toHaveLength(page.rows);
    ids.push(...batch.map(({ jobId }) => jobId));
  }
  return ids;
}

const ALL_BUT_FIRST = Array.from({ length: JOBS - 100 }, (_, at) => JOBS - 101 - at);

function reader(db: Database) {
  return db.status().processes.find(({ role }) => role === 'reader') ?? expect.fail('no reader');
}

test('the batches of a series come one after the other, asked for once', async () => {
  const { db, first } = await seriesOf();
  expect(await idsBehind(first)).toEqual(ALL_BUT_FIRST);
  expect(reader(db).queries).toBe(2);
  expect(reader(db).state).toBe('idle');
});

test('a series whose process dies goes on in another one, without a gap and nothing twice', async () => {
  const { db, first } = await seriesOf();
  const victim = reader(db);
  expect(victim.state).toBe('busy');
  process.kill(victim.pid, 'SIGKILL');
  expect(await idsBehind(first)).toEqual(ALL_BUT_FIRST);
  expect(reader(db).pid).not.toBe(victim.pid);
  expect(db.status().counters).toMatchObject({ retries: 1, crashes: 1 });
});

test('a series ends when its client has gone, and its process serves on', async () => {
  const { db, client, first } = await seriesOf();
  client.abort();
  await expect(idsBehind(first)).rejects.toBeInstanceOf(ClientGone);
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  expect(db.status().counters).toMatchObject({ hangUps: 1, kills: 0 });
});

test('a series nobody takes any more fails nobody when it is stopped', async () => {
  const { db, client } = await seriesOf();
  client.abort();
  await until(() => reader(db).state === 'idle', 10_000);
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
});
