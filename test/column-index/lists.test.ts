/** Lists whose positions the index finds have the rows of SQL in the same order. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/index-session.ts';
import { textOf } from '../../src/db/driver/driver-values.ts';
import { DERIVED_FIELDS, FRACTION_FIELDS, STORED_FIELDS } from '../../src/jobs/fields.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import { ORDERS, type OrderColumn } from '../../src/jobs/list-order.ts';
import { type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { type JobsListOptions, listBatches } from '../../src/questions/list/batches.ts';
import { cursorOf } from '../../src/questions/list/duckdb.ts';
import { listedJobs, listedJobsAt, pageIdsQuestion, sliceOf } from '../../src/questions/list/listed-job-rows.ts';
import { metricJobs, metricJobsAt } from '../../src/questions/list/metric-jobs.ts';
import type { PageIdsQuestion } from '../../src/questions/list/question.ts';
import type { JobsBatch } from '../../src/questions/list/sqlite.ts';
import { LONG_SEC } from '../../src/questions/where/run-times.ts';
import { ALL, answerOf, builtIndex, indexed, isReady, jobs, withJobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { NODE_PEAKS } from '../support/naive-fractions.ts';
import { testPool, within } from '../support/pool.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 10); // times 30 lists each

const page = fc.record({
  page: fc.constantFrom(1, 1, 1, 2, 3, 2 ** 53 - 1),
  itemsPerPage: fc.constantFrom(1, 3, 26, 30, 1_000, 2 ** 53 - 1),
  withMetadata: fc.boolean(), // batches of 25
  table: fc.constantFrom(undefined, undefined, {
    format: 'ndjson',
    columns: ['id', 'wait', 'metric.load_avg'],
  } as const),
  nowSec: fc.constant(NOW),
});
const asked = fc.array(fc.tuple(randomUser, randomFilter, page), { minLength: 30, maxLength: 30 });

async function opened(): Promise<{ db: TestDatabase; index: IndexSession }> {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const folder = testFolder();
  const index = await builtIndex({
    ...{ databasePath: db.path, path: join(folder, 'job.db.columns'), memoryMb: 128 },
    ...{ tempDir: folder, spillMb: 64, shortJobSec: 300 },
  });
  onTestFinished(() => index.close());
  return { db, index };
}

async function foundRows(db: TestDatabase, index: IndexSession, list: VisibleJobs, options: JobsListOptions) {
  let questions = 0;
  const batches = await db.batches<JobsBatch>(listBatches(list, options));
  const find = async (question: PageIdsQuestion) => {
    questions += 1;
    return (await answerOf(index, question)).map(cursorOf);
  };
  const texts: string[] = [];
  for (const { text, rows } of await db.batches(listBatches(list, options, find), 2)) {
    if (rows > 0) texts.push(text);
  }
  expect(texts.join(',\n')).toBe(
    batches
      .filter(({ rows }) => rows > 0)
      .map(({ text }) => text)
      .join(',\n'),
  );
  return questions;
}

test('the rows are those of the SQL, for every filter and page', async () => {
  const { db, index } = await opened();
  let questions = 0;
  await fc.assert(
    fc.asyncProperty(randomRows(60), asked, async (rows, lists) => {
      await store(db, rows.map(madeSuitable));
      for (const [user, filter, options] of lists) {
        questions += await foundRows(db, index, { ...visibleTo(user, filter), nodePeaks: NODE_PEAKS }, options);
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(questions).toBeGreaterThan(RUNS * 10);
});

const EVERY_ORDER: readonly OrderColumn[] = [
  ...[...STORED_FIELDS, ...DERIVED_FIELDS, ...FRACTION_FIELDS].map(({ name }) => name),
  'metric.load_avg',
  'metric.other_avg',
  'metric.missing',
];

const sorted = fc.record({
  ...{
    page: fc.constantFrom(1, 1, 2, 3, 2 ** 53 - 1),
    itemsPerPage: fc.constantFrom(1, 7, 100),
    nowSec: fc.constant(NOW),
  },
  ...{ column: fc.constantFrom(...EVERY_ORDER), order: fc.constantFrom(...ORDERS) },
});

test('sorted lists are those of the SQL', async () => {
  const { db, index } = await opened();
  const lists = fc.array(fc.tuple(randomUser, randomFilter, sorted), { minLength: 30, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(randomRows(60), lists, async (rows, asked) => {
      await store(db, rows.map(madeSuitable));
      for (const [user, filter, options] of asked) {
        const jobs = { ...visibleTo(user, filter), nodePeaks: NODE_PEAKS };
        const question = pageIdsQuestion(jobs, sliceOf(options));
        if (question === undefined) continue;
        const places = (await answerOf(index, question)).map(cursorOf);
        expect(await db.read(listedJobsAt(jobs, options, places))).toEqual(await db.read(listedJobs(jobs, options)));
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

test('the newest jobs for their metric data are those of the SQL', async () => {
  const { db, index } = await opened();
  const lists = fc.array(fc.tuple(randomUser, randomFilter, fc.constantFrom(1, 7, 100)), {
    minLength: 30,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(randomRows(60), lists, async (rows, asked) => {
      await store(db, rows.map(madeSuitable));
      for (const [user, filter, limit] of asked) {
        const jobs = { ...visibleTo(user, filter), nodePeaks: NODE_PEAKS };
        const places = (await answerOf(index, { kind: 'page ids', jobs, offset: 0n, limit })).map(cursorOf);
        expect(await db.read(metricJobsAt(jobs, places))).toEqual(await db.read(metricJobs(jobs, limit)));
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

test('two thousand ids match the same jobs as in the SQL', async () => {
  const { db, index } = await opened();
  await db.exec(jobs(1, 3_000));
  const values = Array.from({ length: 2_000 }, (_, at) => BigInt(3 * at + 1));
  for (const field of ['job-id', 'db-id'] as const) {
    const list: VisibleJobs = { ...ALL, conditions: [{ kind: 'id', field, values }] };
    expect(await answerOf(index, { kind: 'count', jobs: list })).toEqual([{ count: 1_000 }]);
    expect(await db.read(countJobs(list))).toEqual([{ count: 1_000 }]);
  }
});

test('jobs that ran or ended since some time are found, whenever they started', async () => {
  const { db, index } = await opened();
  const from = BigInt(NOW) - 1_000_000n;
  const starts = [from - LONG_SEC, from].flatMap((at) => [at - 1n, at, at + 1n]);
  const durations = [0n, 1n, LONG_SEC - 1n, LONG_SEC, LONG_SEC + 1n, LONG_SEC + 2n, 3n * LONG_SEC, -1n];
  const cases = starts.flatMap((start) =>
    durations.flatMap((duration) => ['running', 'completed'].map((state) => ({ start, duration, state }))),
  );
  await db.exec(jobs(1, cases.length));
  for (const [at, { start, duration, state }] of cases.entries()) {
    await db.exec(
      `UPDATE job SET start_time = ${start}, duration = ${duration}, job_state = '${state}' WHERE id = ${at + 1}`,
    );
  }
  for (const to of [undefined, from + 1n]) {
    const ran = cases.filter(
      ({ start, duration, state }) =>
        (to === undefined || start < to) && (start >= from || state === 'running' || start + duration > from),
    );
    const ended = cases.filter(({ start, duration, state }) => {
      const end = start + (duration > 0n ? duration : 0n);
      return state === 'completed' && end >= from && (to === undefined || end <= to);
    });
    const range = to === undefined ? { from } : { from, to };
    for (const [kind, expected] of [['during', ran] as const, ['ended', ended] as const]) {
      const list: VisibleJobs = { ...ALL, conditions: [{ kind, range, nowSec: NOW }] };
      expect(expected.length).toBeGreaterThan(3);
      expect(await answerOf(index, { kind: 'count', jobs: list })).toEqual([{ count: expected.length }]);
      expect(await db.read(countJobs(list))).toEqual([{ count: expected.length }]);
    }
  }
});

const SMALL_JOBS: JobFilter = [{ kind: 'whole', field: 'num-nodes', range: { to: 5n } }];
const ofSmallJobs: VisibleJobs = { ...ALL, conditions: SMALL_JOBS };

const batchesOf = (questions: JobQuestions, list: VisibleJobs, itemsPerPage: number) =>
  questions.list(
    list,
    { page: 1, itemsPerPage, withMetadata: false, nowSec: NOW },
    { deadline: () => within(20_000), complete: async (page) => page, mayReadAhead: () => true },
  );

async function idsOf(questions: JobQuestions, between: () => Promise<void> = async () => {}): Promise<number[]> {
  const ids: number[] = [];
  for await (const { bytes } of batchesOf(questions, ofSmallJobs, 100_000)) {
    if (ids.length === 0) await between();
    const batch: { jobId: number }[] = JSON.parse(`[${textOf(bytes)}]`);
    ids.push(...batch.map(({ jobId }) => jobId));
  }
  return ids;
}

test('a long list asks the index once for thousands of rows', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 6_000, "'ada', 5") + jobs(6_001, 12_000, "'ada', 6"));
  const both = indexed(pool);
  await isReady(both);
  const found = await idsOf(both.questions);
  expect(found).toEqual(await idsOf(new JobQuestions(pool.db)));
  expect(found).toHaveLength(6_000);
  expect(both.index.status().answers).toBe(2);
});

test('jobs that are deleted meanwhile are left out, and the list goes on behind them', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 3_000, "'ada', 5"));
  const both = indexed(pool);
  await isReady(both);
  const found = await idsOf(both.questions, () => withJobs(pool, 'DELETE FROM job WHERE job_id BETWEEN 100 AND 2800;'));
  expect(found.slice(-99)).toEqual(Array.from({ length: 99 }, (_, at) => 99 - at));
  expect(found.length).toBeLessThan(3_000);
});

test('where an index of SQLite leads to the jobs, nobody asks', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 100));
  const both = indexed(pool);
  await isReady(both);
  const filters: JobFilter[] = [
    [],
    [{ kind: 'text', field: 'user', operator: 'is', values: ['ada'] }],
    [
      { kind: 'member', field: 'state', values: ['completed'] },
      { kind: 'text', field: 'cluster', operator: 'is', values: ['a', 'b'] },
      { kind: 'whole', field: 'start-time', range: { from: 0n } },
    ],
    [{ kind: 'id', field: 'job-id', values: [3n] }],
  ];
  for (const conditions of filters) {
    await batchesOf(both.questions, { ...ALL, conditions }, 10).next();
  }
  expect(both.index.status().answers).toBe(0);
  expect((await batchesOf(both.questions, ofSmallJobs, 10).next()).value?.rows).toBe(0);
  expect(both.index.status().answers).toBe(1);
});
