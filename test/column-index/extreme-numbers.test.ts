/** Jobs with numbers of any size. SQL is the oracle, as in equality.test.ts. */
import { dirname } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { rowsOf } from '../../src/column-index/answer-json.ts';
import type { IndexSession } from '../../src/column-index/index-session.ts';
import { FIELDS } from '../../src/jobs/fields.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { ORDERS, SORT_COLUMNS } from '../../src/jobs/list-order.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { cursorOf } from '../../src/questions/list/duckdb.ts';
import { listedJobs, listedJobsAt, pageIdsQuestion, sliceOf } from '../../src/questions/list/listed-job-rows.ts';
import { overviewQuestion } from '../../src/questions/overview/question.ts';
import { ALL, answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { type OneQuery, statementFor } from '../support/questions.ts';
import { conditionsOf, randomWindow } from '../support/random-filters.ts';
import { randomGroupBy, randomZone } from '../support/random-groups.ts';
import { EXTREME_WHOLES, type Row, randomRows, store } from '../support/random-jobs.ts';
import { randomQuestion } from '../support/random-questions.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 4); // times 40 questions each
const NUMBERS = ['start-time', 'duration', 'walltime', 'num-nodes', 'num-hwthreads', 'num-acc'] as const;
const MOST = 30;

const extremes = fc.array(
  fc.option(
    fc.array(fc.tuple(fc.constantFrom(...NUMBERS), fc.constantFrom(...EXTREME_WHOLES)), { minLength: 1, maxLength: 2 }),
    { freq: 1 },
  ),
  { minLength: MOST, maxLength: MOST },
);
const rows = fc
  .tuple(randomRows(MOST), extremes)
  .map(([plain, numbers]) =>
    plain.map((row, at): Row => ({ ...madeSuitable(row), ...Object.fromEntries(numbers[at] ?? []) })),
  );
const filter = fc.array(
  fc.oneof(...([...NUMBERS, 'during', 'end-time', 'wait', 'state'] as const).map((name) => conditionsOf(FIELDS[name]))),
  { maxLength: 2 },
);
const overview = fc.record({
  nowSec: fc.constant(NOW),
  shortJobSec: fc.constantFrom(300, 60),
  clip: fc.option(randomWindow, { nil: undefined }),
  zone: randomZone,
  statistics: fc.array(fc.record({ groupBy: randomGroupBy }), { minLength: 2, maxLength: 3 }),
  histograms: fc.constant(['1h'] as const),
});
const asked = fc.array(
  fc.tuple(
    filter,
    fc.oneof(
      { weight: 4, arbitrary: randomQuestion.map((ask) => (conditions: Condition[]) => ask({ ...ALL, conditions })) },
      {
        weight: 1,
        arbitrary: overview.map(
          (options) => (conditions: Condition[]) => overviewQuestion({ ...ALL, conditions }, options),
        ),
      },
    ),
  ),
  { minLength: 40, maxLength: 40 },
);

async function opened(sql = '') {
  const db = await testDatabase();
  await db.exec(sql);
  const index = await builtIndex({
    ...{ databasePath: db.path, path: `${db.path}.columns`, memoryMb: 128, tempDir: dirname(db.path) },
    ...{ spillMb: 64, shortJobSec: 300 },
  });
  const close = async () => {
    index.close();
    await db.close();
  };
  return { db, index, close };
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
}

/** Compares the answers. Returns false if the index leaves the question to the SQL, which then answers. */
async function isAnswered(db: TestDatabase, index: IndexSession, question: Exclude<Question, { kind: 'partitions' }>) {
  const json = await index.ask(question);
  const answer = json === undefined ? undefined : await rowsOf(Buffer.from(json), new AbortController());
  const parts =
    question.kind === 'overview' ? question.parts.map((part) => ({ ...part, jobs: question.jobs })) : [question];
  for (const [at, part] of parts.entries()) {
    const statement = statementFor(part as OneQuery);
    const expected = await db.read(statement);
    if (answer === undefined) continue;
    const found = (question.kind === 'overview' ? answer[at] : answer) as unknown[];
    expect(text(found.map((row) => statement.row.parse(row)))).toBe(text(expected));
  }
  return answer !== undefined;
}

test('every answer is that of the SQL, and most come from the index', async () => {
  const { db, index, close } = await opened();
  onTestFinished(close);
  let [answered, left] = [0, 0];
  await fc.assert(
    fc.asyncProperty(rows, asked, async (rows, questions) => {
      await store(db, rows);
      for (const [nth, [conditions, ask]] of questions.entries()) {
        const question = ask(conditions);
        if (await isAnswered(db, index, question)) answered += 1;
        else left += 1;
        if (nth % 10 === 5)
          await db.exec(`UPDATE job SET duration = num_nodes, num_nodes = duration WHERE id % 3 = ${nth % 3}`);
      }
      expect(index.odd).toEqual([]);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(answered).toBeGreaterThan(left * 2);
});

test('sorted lists are those of the SQL', async () => {
  const { db, index, close } = await opened();
  onTestFinished(close);
  const list = fc.record({
    page: fc.constantFrom(1, 1, 2),
    itemsPerPage: fc.constantFrom(3, 100),
    nowSec: fc.constant(NOW),
    column: fc.constantFrom(...SORT_COLUMNS),
    order: fc.constantFrom(...ORDERS),
  });
  const lists = fc.array(fc.tuple(filter, list), { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(rows, lists, async (rows, asked) => {
      await store(db, rows);
      for (const [conditions, options] of asked) {
        const jobs = { ...ALL, conditions };
        const question = pageIdsQuestion(jobs, sliceOf(options));
        if (question === undefined) continue;
        const places = (await answerOf(index, question)).map(cursorOf);
        expect(await db.read(listedJobsAt(jobs, options, places))).toEqual(await db.read(listedJobs(jobs, options)));
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

describe('totals', () => {
  const TOTALS: OneQuery = { kind: 'statistics', jobs: ALL, nowSec: NOW, shortJobSec: 300 };
  const MONTH = { from: BigInt(NOW - 2_592_000), to: BigInt(NOW) };
  const overview = (jobs: typeof ALL) =>
    overviewQuestion(jobs, {
      nowSec: NOW,
      shortJobSec: 300,
      statistics: [{}, { groupBy: ['user'] }],
      histograms: ['1h'],
    });
  let shared: Awaited<ReturnType<typeof opened>>;
  beforeAll(async () => {
    shared = await opened(jobs(1, 3));
  });
  afterAll(() => shared.close());
  const OF_ADA: Condition = { kind: 'text', field: 'user', operator: 'is', values: ['ada'] };

  test.each([
    ['a duration of 2^40 s', 'duration = 1099511627776'],
    ['a duration of 2^63 - 1 s on one node', 'duration = 9223372036854775807, num_nodes = 1'],
    ['a start in milliseconds', `start_time = ${NOW}000`],
    ['a start in nanoseconds', `start_time = ${NOW}000000000`],
    ['2^62 nodes', 'num_nodes = 4611686018427387904, duration = 1'],
    ['-2^63 nodes and threads', 'num_nodes = -9223372036854775808, num_hwthreads = -9223372036854775808, duration = 0'],
  ])('with %s come from the index', async (_, change) => {
    const { db, index } = shared;
    await db.exec(`${jobs(4, 4)} UPDATE job SET ${change} WHERE job_id = 4`);
    expect(await isAnswered(db, index, TOTALS)).toBe(true);
    expect(await isAnswered(db, index, { ...TOTALS, clip: MONTH })).toBe(true);
    const during: Condition = { kind: 'during', range: MONTH, nowSec: NOW };
    expect(await isAnswered(db, index, { ...TOTALS, jobs: { ...ALL, conditions: [during] }, clip: MONTH })).toBe(true);
    expect(index.summaries?.leftOut).toEqual({});
    await db.exec('DELETE FROM job WHERE job_id = 4');
    expect(await isAnswered(db, index, TOTALS)).toBe(true);
  });

  test('of jobs that are alike come from the index if their node seconds together exceed 64 bits', async () => {
    const { db, index } = shared;
    const most = 'duration = 2147483647, num_nodes = 536870911';
    await db.exec(`${jobs(10, 29)} UPDATE job SET ${most} WHERE job_id BETWEEN 10 AND 29`); // 20 * 2^60
    for (const asked of [TOTALS, { ...TOTALS, groupBy: ['user'] as const }, overview(ALL)]) {
      expect(await isAnswered(db, index, asked)).toBe(true);
    }
    expect(index.summaries?.leftOut).toEqual({});
    await db.exec('DELETE FROM job WHERE job_id >= 10');
    expect(await isAnswered(db, index, TOTALS)).toBe(true);
  });

  test('come from the SQL, which computes in REAL, if the node seconds of a matching job exceed 64 bits', async () => {
    const { db, index } = shared;
    await db.exec(`${jobs(4, 4, "'bob', 2")} UPDATE job SET duration = 4611686018427387904 WHERE job_id = 4`);
    const ofAda = { ...TOTALS, jobs: { ...ALL, conditions: [OF_ADA] } };
    expect(await isAnswered(db, index, TOTALS)).toBe(false);
    expect(await isAnswered(db, index, overview(ALL))).toBe(false);
    expect(await isAnswered(db, index, ofAda)).toBe(true);
    expect(await isAnswered(db, index, overview(ofAda.jobs))).toBe(true);
    expect(await isAnswered(db, index, { kind: 'count', jobs: ALL })).toBe(true);
  });
});
