/** The column index next to a pool: its states. In each of them, every answer equals that of SQL. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test, vi } from 'vitest';
import { JobQuestions } from '../../src/questions/ask.ts';
import {
  ALL,
  BUILD_LIMIT_MS,
  count,
  type Indexed,
  indexed,
  indexNextTo,
  isReady,
  jobs,
  withJobs,
} from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { localDatabase } from '../support/local-database.ts';
import { until, within } from '../support/pool.ts';

vi.setConfig({ testTimeout: 2 * BUILD_LIMIT_MS, hookTimeout: BUILD_LIMIT_MS });

const STATISTICS = { nowSec: 10_000, shortJobSec: 300, groupBy: ['user'] } as const;

test('it answers once it is built, and knows what was written before the question', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 1_000));
  const both = indexed(pool);
  expect(await count(both)).toBe(1_000); // by SQL or by the index: no question waits for the index
  await isReady(both);
  const before = both.index.status().answers;
  for (let last = 1_001; last < 1_010; last += 1) {
    await withJobs(pool, jobs(last, last));
    expect(await count(both)).toBe(last);
  }
  expect(both.index.status().answers).toBe(before + 9);
  const statistics = (jobs: JobQuestions) => jobs.statistics(ALL, STATISTICS, within(10_000));
  expect(await statistics(both.questions)).toEqual(await statistics(new JobQuestions(pool.db)));
  expect(both.db.status()).toMatchObject({ columns: { state: 'ready' } });
  expect(both.db.status().processes.map(({ role }) => role)).toContain('columns');
  await both.db.close(1_000);
  expect(both.index.processes()).toEqual([]);
  expect(statSync(`${pool.path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0); // the index was closed first
});

test('a restart finds its file and follows what was written meanwhile', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const first = indexed(pool);
  await isReady(first);
  await first.index.close();
  const { ino } = statSync(`${pool.path}.columns`);
  await withJobs(pool, jobs(11, 12));
  const second = indexed(pool);
  await isReady(second);
  expect(await count(second)).toBe(12);
  expect(statSync(`${pool.path}.columns`).ino).toBe(ino);
});

test.each([
  ['of other bytes', (path: string) => writeFileSync(path, 'no database at all'.repeat(1_000))],
  ['that is empty', (path: string) => writeFileSync(path, '')],
  ['cut in the middle', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 20_000))],
  [
    'with a damaged header',
    (path: string) => {
      const bytes = readFileSync(path);
      bytes.fill(0xff, 4_096, 12_288);
      writeFileSync(path, bytes);
    },
  ],
])('a file %s is built again', async (_what, damage) => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 5_000));
  (await indexNextTo(pool.path)).close();
  damage(`${pool.path}.columns`);
  const damaged = indexed(pool);
  await isReady(damaged);
  expect(await count(damaged)).toBe(5_000);
  expect(damaged.index.status()).toMatchObject({ builds: 1, answers: 1 });
});

test('a summary that does not add up is built again at the start, and the log says so once', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const first = indexed(pool);
  await isReady(first);
  await first.index.close();
  const file = await DuckDBInstance.create(`${pool.path}.columns`);
  const connection = await file.connect();
  await connection.run('UPDATE jobs_by_day SET jobs = jobs + 1; DELETE FROM jobs_by_duration');
  connection.closeSync();
  file.closeSync();
  const second = indexed(pool);
  await isReady(second);
  expect(second.warnings).toEqual([
    'summaries of the column index did not add up and were built again {"repaired":["jobs_by_day","jobs_by_duration"]}',
  ]);
  expect(await count(second)).toBe(10);
  expect(second.index.status()).toMatchObject({ builds: 0, answers: 1 }); // the jobs were not read again
  await second.index.close();
  const third = indexed(pool);
  await isReady(third);
  expect([...first.warnings, ...third.warnings]).toEqual([]);
});

test('the file of another database is not trusted', async () => {
  const [one, other] = [await localDatabase(), await localDatabase()];
  await withJobs(one, jobs(1, 10));
  await withJobs(other, jobs(1, 5)); // and fewer changes
  const first = indexed(one);
  await isReady(first);
  await first.index.close();
  const second = indexed(other, { path: `${one.path}.columns` });
  await isReady(second);
  expect(await count(second)).toBe(5);
});

test('a record that has lost the place of the index makes it build again', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const both = indexed(pool);
  await isReady(both);
  const { builds } = both.index.status();
  await withJobs(pool, `${jobs(11, 11)} DELETE FROM ccjobs_changes WHERE seq < (SELECT max(seq) FROM ccjobs_changes)`);
  expect(await count(both)).toBe(11); // by SQL
  await until(
    () => both.index.status().builds > builds,
    10_000,
    () => both.index.status(),
  );
  await isReady(both);
  expect(await count(both)).toBe(11);
});

test('a job that it cannot hold leaves the questions that match it to the SQL', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const both = indexed(pool);
  await isReady(both);
  await withJobs(pool, jobs(11, 11, "CAST(x'ff' AS TEXT), 1"));
  const countOf = async (user: string) =>
    await both.questions.count(
      { ...ALL, conditions: [{ kind: 'text', field: 'user', operator: 'is', values: [user] }] },
      within(20_000),
    );
  expect(await count(both)).toBe(11);
  expect(await countOf('ada')).toBe(10);
  const odd = { jobs: 1, ids: ['11'], reason: expect.stringContaining('UTF-8') };
  expect(both.index.status()).toMatchObject({ state: 'ready', rows: 10, odd, answers: 1, declined: 1 });
  expect(both.warnings).toEqual([expect.stringContaining('"ids":["11"]')]);
  // After it is opened again, it has the job.
  process.kill(both.index.processes()[0]?.pid ?? Number.NaN, 'SIGKILL');
  await until(() => both.index.state.name !== 'ready', 5_000);
  await isReady(both);
  expect(both.index.status()).toMatchObject({ odd });
  await withJobs(pool, 'DELETE FROM job WHERE id = 11');
  expect(await count(both)).toBe(10);
  expect(both.index.status()).not.toHaveProperty('odd');
  expect(both.index.status()).toMatchObject({ answers: 2, declined: 1, builds: 1 });
});

test('too many jobs that it cannot hold make it decline for good', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const both = indexed(pool);
  await isReady(both);
  await withJobs(pool, jobs(11, 10_011, "CAST(x'ff' AS TEXT), 1"));
  expect(await count(both)).toBe(10_011);
  expect(both.index.state).toMatchObject({ name: 'unsuitable', reason: expect.stringContaining('10000 jobs') });
  await until(() => both.index.processes().length === 0, 5_000); // it releases its memory
  expect(await count(both)).toBe(10_011);
});

test('a process that is killed is followed by another, on the same file', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const both = indexed(pool);
  await isReady(both);
  process.kill(both.index.processes()[0]?.pid ?? Number.NaN, 'SIGKILL');
  await until(() => both.index.state.name !== 'ready', 5_000);
  expect(await count(both)).toBe(10);
  await isReady(both);
  expect(await count(both)).toBe(10);
});

test('a program that dies at its start leaves the SQL to answer; it is tried again after growing pauses, and serves when it can', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const program = join(testFolder(), 'program.ts');
  writeFileSync(program, 'process.exit(1)');
  const both = indexed(pool, { program });
  expect(await count(both)).toBe(10);
  await until(
    () => (both.index.status().retryInSec ?? 0) > 3, // the fourth pause is 4 s
    BUILD_LIMIT_MS,
    () => both.index.status(),
  );
  const told = both.warnings.filter((warning) => warning.startsWith('the column index is stale'));
  expect(told).toHaveLength(4); // one for each attempt
  expect(both.index.state.name).toBe('stale');
  expect(await count(both)).toBe(10);
  writeFileSync(program, `import ${JSON.stringify(join(import.meta.dirname, '../../src/column-index/program.ts'))}`);
  await isReady(both);
  expect(both.index.status()).toMatchObject({ builds: 1 });
  expect(await count(both)).toBe(10);
  expect(both.index.status().answers).toBe(1);
});

test('a build that is killed leaves the old name alone, and is begun again', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 60_000));
  const both = indexed(pool);
  const builder = () => both.index.processes().find(({ role, state }) => role === 'builder' && state === 'busy');
  await until(() => builder() !== undefined && existsSync(`${pool.path}.columns.new`), 20_000);
  process.kill(builder()?.pid ?? Number.NaN, 'SIGKILL');
  await until(() => both.index.state.name === 'stale', 20_000);
  expect(existsSync(`${pool.path}.columns`)).toBe(false);
  expect(await count(both)).toBe(60_000);
  await isReady(both);
  expect(await count(both)).toBe(60_000);
  expect(both.index.status()).toMatchObject({ builds: 2, answers: 1 });
  expect(existsSync(`${pool.path}.columns.new`)).toBe(false);
});

test('whoever asks the same at once is answered by one run', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 1_000));
  const both = indexed(pool);
  await isReady(both);
  const { answers } = both.index.status();
  const all = await Promise.all(Array.from({ length: 10 }, () => count(both)));
  expect(all).toEqual(Array.from({ length: 10 }, () => 1_000));
  // One that ran, and one for the questions after it.
  expect(both.index.status().answers - answers).toBeLessThanOrEqual(2);
});

test('a second service does not touch the file that the first has open', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 10));
  const first = indexed(pool);
  await isReady(first);
  const second = indexed(pool);
  await until(
    () => second.index.state.name === 'stale',
    10_000,
    () => second.index.status(),
  );
  expect(await count(second)).toBe(10);
  expect(await count(first)).toBe(10);
  expect(first.index.state.name).toBe('ready');
});

test('a build finds jobs on both sides of gaps between their ids, and leaves no process behind', async () => {
  const pool = await localDatabase();
  await withJobs(pool, `${jobs(1, 12_000)} DELETE FROM job WHERE id % 3 = 0 OR id BETWEEN 2000 AND 8000;`);
  await withJobs(pool, jobs(20_001, 20_010));
  await withJobs(
    pool,
    'UPDATE job SET id = 9223372036854775800 WHERE id = 12010; UPDATE job SET id = -5 WHERE id = 1;',
  );
  const both = indexed(pool);
  await isReady(both);
  expect(await count(both)).toBe(4_009);
  expect(both.index.status()).toMatchObject({ answers: 1 });
  const [{ pid } = { pid: 0 }] = both.index.processes();
  await until(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') === '', 5_000);
});

test('each of many changes at once is there before the answer', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 6_000));
  const both = indexed(pool);
  await isReady(both);
  const longer = (seconds: bigint) =>
    both.questions.count(
      { ...ALL, conditions: [{ kind: 'whole', field: 'duration', range: { from: seconds } }] },
      within(20_000),
    );
  for (let round = 1; round <= 5; round += 1) {
    await withJobs(pool, `UPDATE job SET duration = ${round * 1_000} WHERE id % 2 = 0;`);
    expect(await longer(BigInt(round * 1_000))).toBe(3_000);
  }
  expect(await longer(0n)).toBe(6_000); // the jobs between the changed ones are still there
  expect(both.index.status()).toMatchObject({ answers: 6, builds: 1 });
});

test('more changes than it takes over, and too many replaced rows, make it build again', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 21_000));
  const both = indexed(pool);
  await isReady(both);
  for (const sql of [
    'UPDATE job SET energy = 1', // all at once
    'UPDATE job SET energy = 2 WHERE id <= 15000', // in two parts, which are read one after the other
    'UPDATE job SET energy = 3 WHERE id <= 15000',
  ]) {
    await withJobs(pool, sql);
    expect(await count(both)).toBe(21_000);
    if (both.index.state.name !== 'ready') await isReady(both);
  }
  expect(await count(both)).toBe(21_000); // it notices that 30,000 rows were replaced
  expect(both.index.state.name).not.toBe('ready');
  await isReady(both);
  expect(both.index.status().builds).toBe(3);
  expect(await count(both)).toBe(21_000);
});

test('thousands of changes are taken over at once, with new footprint keys, new jobs and deleted ones among them', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 9_000));
  const both = indexed(pool);
  await isReady(both);
  await withJobs(
    pool,
    `UPDATE job SET duration = 61, footprint = iif(job_id = 8000, '{"new_avg":7,"other_avg":1e1}', '{}'); ${jobs(9_001, 9_100)}
     DELETE FROM job WHERE job_id % 1000 = 1; UPDATE job SET hpc_user = 'a\\"b' WHERE job_id % 100 = 2`,
  );
  const alone = new JobQuestions(pool.db);
  const options = { nowSec: 10_000, shortJobSec: 61, groupBy: ['user'] } as const;
  expect(await both.questions.statistics(ALL, options, within(20_000))).toEqual(
    await alone.statistics(ALL, options, within(20_000)),
  );
  for (const metric of ['new', 'other']) {
    const scale = { metric, stat: 'avg', unit: '', peak: 20 };
    const [histogram] = await both.questions.metricHistograms(ALL, [scale], 10, within(20_000));
    expect(histogram?.data.filter(({ count }) => count > 0)).toHaveLength(1);
    expect([histogram]).toEqual(await alone.metricHistograms(ALL, [scale], 10, within(20_000)));
  }
  expect(both.index.status()).toMatchObject({ state: 'ready', builds: 1, answers: 3, declined: 0 });
});

test('a job that INSERT OR REPLACE puts in the place of another is there once', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 500));
  const both = indexed(pool);
  await isReady(both);
  const replace = (first: number, last: number) => jobs(first, last).replace('INSERT', 'INSERT OR REPLACE');
  await withJobs(pool, replace(500, 500)); // with another id
  expect(await count(both)).toBe(500);
  await withJobs(pool, replace(1, 499));
  expect(await count(both)).toBe(500);
  await withJobs(pool, 'INSERT INTO jobtag (job_id, tag_id) VALUES (NULL, NULL)'); // a link without a job
  expect(await count(both)).toBe(500);
  await withJobs(pool, 'UPDATE OR REPLACE job SET job_id = 7 WHERE job_id < 10');
  expect(await count(both)).toBe(492);
  // Replaced by a job that is deleted, or gets another key, before the next question.
  await withJobs(pool, `${replace(100, 100)} DELETE FROM job WHERE job_id = 100`);
  await withJobs(
    pool,
    'UPDATE OR REPLACE job SET job_id = 102 WHERE job_id = 101; UPDATE job SET job_id = 101 WHERE job_id = 102',
  );
  expect(await count(both)).toBe(490);
  expect(both.index.state.name).toBe('ready');
});

test('it closes whatever it is doing, and who waits for it gets an answer', async () => {
  const pool = await localDatabase();
  await withJobs(pool, jobs(1, 20_000));
  const isBusy = ({ index }: Indexed, as: string) =>
    index.processes().some(({ role, state }) => role === as && state === 'busy');
  const first = indexed(pool);
  await until(() => isBusy(first, 'builder'), BUILD_LIMIT_MS);
  await first.index.close();
  const second = indexed(pool);
  await isReady(second);
  await withJobs(pool, 'UPDATE job SET energy = 1 WHERE id <= 6000');
  const asked = count(second);
  await until(() => isBusy(second, 'columns'), 10_000);
  await second.index.close();
  expect(await asked).toBe(20_000); // by SQLite
}, 400_000);
