import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { Fault } from '../../src/faults.ts';
import { FIRST_WAIT_MS, FRESH_MS, Partitions, RETRY_MS } from '../../src/questions/partitions/partitions.ts';
import { BOTH_DATABASES } from '../support/both-databases.ts';
import { indexed, isReady } from '../support/column-index.ts';
import { testPool, within } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';
import { before } from '../support/test-app.ts';

/** Adds jobs `first` to `last`. */
const jobs = (first: number, last: number, partition: string | null, cluster = 'a') => `INSERT INTO job
  (id, job_id, cluster, cluster_partition, subcluster, hpc_user, num_nodes, project, duration, walltime, job_state, resources, shared)
  WITH RECURSIVE n(x) AS (SELECT ${first} UNION ALL SELECT x + 1 FROM n WHERE x < ${last})
  SELECT x, x, '${cluster}', ${partition === null ? 'NULL' : `'${partition}'`}, 'm', 'u', 1, 'p', 60, 1, 'completed', '[]', 'none' FROM n;`;

/** A port with a hook before each read, and the number of reads: of all jobs, of new ones. */
function hooked(db: Database, hook: () => Promise<void> | void = () => {}) {
  const reads = { all: 0, new: 0 };
  const port = before(db, async (statement) => {
    reads[statement === 'partitions' ? 'all' : 'new'] += 1;
    await hook();
  });
  return { port, reads };
}

const answer = async (partitions: Partitions) => Object.fromEntries(await partitions.all(within(20_000)));
/** Asks until all jobs have been read. */
const until = async (partitions: Partitions, expected: object) => {
  await expect.poll(() => answer(partitions), { timeout: 60_000 }).toEqual(expected);
};

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  const filled = async (sql: string) => {
    const at = await open();
    onTestFinished(at.close);
    if (sql !== '') await at.exec(sql);
    return at;
  };

  test('the partitions of each cluster', async () => {
    const { db } = await filled(
      jobs(1, 2, 'work') + jobs(3, 4, 'a100') + jobs(5, 6, null) + jobs(7, 8, 'work', 'b') + jobs(9, 9, '', 'b'),
    );
    await until(new Partitions({ db }), { a: ['', 'a100', 'work'], b: ['', 'work'] });
  });

  test('a new job is seen at once, by one small statement', async () => {
    const { db, exec } = await filled(jobs(1, 9, 'work'));
    const { port, reads } = hooked(db);
    const partitions = new Partitions({ db: port });
    await until(partitions, { a: ['work'] });
    await exec(jobs(10, 10, 'big') + jobs(11, 11, 'work', 'c'));
    const before = { ...reads };
    expect(await answer(partitions)).toEqual({ a: ['big', 'work'], c: ['work'] });
    expect(reads).toEqual({ all: before.all, new: before.new + 1 });
  });

  test('an empty database has none, until its first job', async () => {
    const { db, exec } = await filled('');
    const partitions = new Partitions({ db });
    await until(partitions, {});
    await exec(jobs(1, 1, 'work'));
    expect(await answer(partitions)).toEqual({ a: ['work'] });
  });
});

/** A file with a clock for the time that passes between questions. */
async function clocked(sql: string, hook?: () => Promise<void> | void) {
  const { db, path } = await testPool();
  const exec = async (more: string) => {
    const connection = openSqlite(path, 1_000);
    await connection.exec(more);
    connection.close();
  };
  await exec(sql);
  const { port, reads } = hooked(db, hook);
  let nowMs = 0;
  const partitions = new Partitions({ db: port, now: () => nowMs, partJobs: 10 });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { partitions, exec, reads, pass };
}

test('a partition that has gone, and one that a job was given, are seen within an hour', async () => {
  const { partitions, exec, pass } = await clocked(jobs(1, 5, 'old') + jobs(6, 9, 'work'));
  await until(partitions, { a: ['old', 'work'] });
  await exec("DELETE FROM job WHERE id < 5; UPDATE job SET cluster_partition = 'other' WHERE id = 5");
  pass(FRESH_MS - 1);
  expect(await answer(partitions)).toEqual({ a: ['old', 'work'] });
  pass(1);
  await until(partitions, { a: ['other', 'work'] });
});

test('ids that are used again are seen when the last known job has gone', async () => {
  const { partitions, exec, pass } = await clocked(jobs(1, 9, 'work'));
  await until(partitions, { a: ['work'] });
  await exec(`DELETE FROM job; ${jobs(1, 3, 'again')}`);
  await answer(partitions); // notices it
  pass(RETRY_MS);
  await until(partitions, { a: ['again'] });
});

test('all jobs of a large table are read, the newest first', async () => {
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  let part = 0;
  const { partitions } = await clocked(jobs(1, 10, 'old') + jobs(11, 15, 'new') + jobs(16, 30, 'newest'), async () => {
    part += 1;
    if (part === 3) await gate.promise; // jobs 1 to 10
  });
  await until(partitions, { a: ['new', 'newest'] });
  gate.resolve();
  await until(partitions, { a: ['new', 'newest', 'old'] });
});

test('many callers share one reading', async () => {
  const { partitions, reads } = await clocked(jobs(1, 9, 'work'));
  await Promise.all(Array.from({ length: 50 }, () => answer(partitions)));
  await until(partitions, { a: ['work'] });
  expect(reads.all).toBe(1);
});

test('a database that does not answer delays nobody, and is asked again later', async () => {
  let isDown = true;
  const { partitions, reads, pass } = await clocked(jobs(1, 9, 'work'), () => {
    if (isDown) throw new Fault('database_busy', 'down');
  });
  expect(await answer(partitions)).toEqual({});
  expect(await answer(partitions)).toEqual({});
  expect(reads).toEqual({ all: 1, new: 0 });
  isDown = false;
  pass(RETRY_MS);
  await until(partitions, { a: ['work'] });
  isDown = true;
  expect(await answer(partitions)).toEqual({ a: ['work'] });
});

test('an answer does not wait for a slow first reading', async () => {
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  const { partitions } = await clocked(jobs(1, 9, 'work'), () => gate.promise);
  expect(await Promise.race([answer(partitions), sleep(30_000)])).toEqual({});
  gate.resolve();
  await until(partitions, { a: ['work'] });
});

test('only the beginning of a reading is waited for', async () => {
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  const { partitions, pass } = await clocked(jobs(1, 9, 'work'), () => gate.promise);
  await answer(partitions);
  pass(FIRST_WAIT_MS);
  expect(await Promise.race([answer(partitions), nextTurn('waits')])).toEqual({});
});

test('a reading that failed continues where it was', async () => {
  let number = 0;
  const { partitions, pass, reads } = await clocked(jobs(1, 10, 'old') + jobs(11, 20, 'new'), () => {
    number += 1;
    if (number === 2) throw new Fault('queue_full', 'full');
  });
  await until(partitions, { a: ['new'] });
  pass(RETRY_MS);
  await until(partitions, { a: ['new', 'old'] });
  // Jobs 11 to 20, the failure, jobs 1 to 10, and the end of the table.
  expect(reads.all).toBe(4);
});

test('a Worker learns of the reading that continues after its answer', async () => {
  const { db } = await testPool();
  const after: Promise<unknown>[] = [];
  const partitions = new Partitions({ db });
  await partitions.all({ ...within(20_000), waitUntil: (work) => void after.push(work) });
  await partitions.all({ ...within(20_000), waitUntil: (work) => void after.push(work) });
  expect(after).toHaveLength(1);
  await after[0];
});

test('the column index answers for all but the newest jobs, and as the SQL does', async () => {
  const pool = await testPool();
  const connection = openSqlite(pool.path, 1_000);
  await connection.exec(
    `${jobs(1, 10, 'old') + jobs(11, 15, null, 'ä') + jobs(16, 90, 'new')}
     INSERT INTO job (job_id, cluster, cluster_partition, subcluster, hpc_user, num_nodes, project, duration, walltime, job_state, resources, shared)
       VALUES (1, 'Z', 'A', 'm', 'u', 1, 'p', 60, 1, 'completed', '[]', 'none'), (2, 'Z', 'a', 'm', 'u', 1, 'p', 60, 1, 'completed', '[]', 'none')`,
  );
  connection.close();
  const both = indexed(pool);
  await isReady(both);
  const { port, reads } = hooked(pool.db);
  const expected = { a: ['new', 'old'], ä: [''], Z: ['A', 'a'] };
  await until(new Partitions({ db: port, index: both.index, partJobs: 10 }), expected);
  expect([both.index.status().answers, reads.all]).toEqual([1, 1]);
  await until(new Partitions({ db: pool.db }), expected);
});
