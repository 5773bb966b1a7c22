/** The summaries of an index. SQL is the oracle, as in equality.test.ts. */
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NewIndex } from '../../src/column-index/build/build-index.ts';
import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import { IndexSession } from '../../src/column-index/index-session.ts';
import { FIELDS } from '../../src/jobs/fields.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { DURATION_BINS, DURATION_BINS_NAMES } from '../../src/jobs/histograms.ts';
import { SORT_FIELDS } from '../../src/jobs/statistics.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { KEY_FIELDS, type SummaryName, summariesFor } from '../../src/questions/summaries/summary-tables.ts';
import { ALL, answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { type OneQuery, statementFor } from '../support/questions.ts';
import { conditionsOf, randomUser } from '../support/random-filters.ts';
import { randomGroupBy, randomZone } from '../support/random-groups.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const DAY = 86_400n;
const MONTH = 30n * DAY;
const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 3); // times 20 questions to two indexes

const COUNT: Question = { kind: 'count', jobs: ALL };
const TOTALS: OneQuery = { kind: 'statistics', jobs: ALL, nowSec: NOW, shortJobSec: 300 };

/** Starts and bounds at the edges of days and of spans of 30 days, on both sides of 1970. */
const edges = fc
  .tuple(
    fc.constantFrom(0n, DAY, -DAY, MONTH, -MONTH, 656n * MONTH, 656n * MONTH + 3n * DAY, BigInt(NOW)),
    fc.constantFrom(0n, -1n, 1n, 40_000n),
  )
  .map(([edge, beyond]) => edge + beyond);
const started: fc.Arbitrary<Condition> = fc
  .record({ from: edges, to: edges }, { requiredKeys: [] })
  .map((range) => ({ kind: 'whole', field: 'start-time', range }));
const filter = fc.array(fc.oneof(started, started, ...KEY_FIELDS.map((name) => conditionsOf(FIELDS[name]))), {
  maxLength: 3,
});

const question: fc.Arbitrary<Partial<OneQuery> & Pick<OneQuery, 'kind'>> = fc.oneof(
  fc.constant({ kind: 'count' as const }),
  fc.record({
    kind: fc.constant('statistics' as const),
    groupBy: randomGroupBy,
    zone: randomZone,
    sortBy: fc.constantFrom(undefined, ...SORT_FIELDS),
    page: fc.constantFrom(undefined, { page: 2, itemsPerPage: 2 }),
    shortJobSec: fc.constantFrom(300, 300, 60),
    nowSec: fc.constantFrom(NOW, NOW + 1_000),
  }),
  fc.record({
    kind: fc.constant('histograms' as const),
    bins: fc.constantFrom(...DURATION_BINS_NAMES),
    nowSec: fc.constant(NOW),
  }),
);
const questions = fc.array(
  fc.tuple(randomUser, filter, question).map(([user, conditions, ask]) => {
    return { ...ask, jobs: visibleTo(user, conditions) } as OneQuery;
  }),
  { minLength: 20, maxLength: 20 },
);

/** Some rows are alike, as jobs of an array are. */
const rowsOf = (most: number) =>
  fc
    .tuple(randomRows(most), fc.array(fc.tuple(edges, fc.nat(2)), { minLength: most, maxLength: most }))
    .map(([rows, starts]) =>
      rows.map((row, at): Row => {
        const [start = 0n, back = 0] = starts[at] ?? [];
        const like = rows[at - back] ?? row;
        return madeSuitable({ ...like, 'start-time': start, 'db-id': row['db-id'], 'job-id': row['job-id'] });
      }),
    );

async function database() {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const options = { databasePath: db.path, path: `${db.path}.columns`, memoryMb: 128, tempDir: `${db.path}.tmp` };
  return { db, options: { ...options, spillMb: 64, shortJobSec: 300 } };
}

type Options = Awaited<ReturnType<typeof database>>['options'];

async function opened(options: Options): Promise<IndexSession> {
  return await IndexSession.open({ ...options, fresh: false });
}

/** An index that leaves out all summaries. */
async function plainIndex(options: Options): Promise<IndexSession> {
  await (await NewIndex.open(options)).build(() => {});
  await inFile(options, async (file) => {
    const meta = await file.meta();
    if (meta === undefined) throw new Error('there is no index');
    const leftOut = { jobs_by_day: 'test', jobs_by_month: 'test', jobs_by_duration: 'test' };
    await file.writeMeta({ ...meta, summaries: { shortJobSec: 300, leftOut } });
  });
  return await opened(options);
}

/** Changes an index that is not open. */
async function inFile<Result>(options: Options, work: (file: IndexFile) => Promise<Result>): Promise<Result> {
  const file = await IndexFile.open(options);
  try {
    return await work(file);
  } finally {
    file.close();
  }
}

const rowsIn = async (options: Options, name: SummaryName) =>
  await inFile(options, async (file) => await file.rows({ sql: `FROM ${name} ORDER BY ALL`, parameters: [] }));

async function rowsInEach(options: Options) {
  const rows = [];
  for (const { name } of summariesFor(300)) rows.push(await rowsIn(options, name));
  return rows;
}

async function expectSql(db: TestDatabase, index: IndexSession, asked: OneQuery) {
  const statement = statementFor(asked);
  const rows = await answerOf(index, asked);
  expect(text(rows.map((row) => statement.row.parse(row)))).toBe(text(await db.read(statement)));
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
}

test('answers from summaries are those of the SQL, with any range of starts, after every write', async () => {
  const { db, options } = await database();
  const index = await builtIndex(options);
  const plain = await plainIndex({ ...options, path: `${options.path}.plain` });
  const ask = async (rows: Row[], asked: OneQuery[]) => {
    await store(db, rows);
    for (const [nth, each] of asked.entries()) {
      await expectSql(db, index, each);
      await expectSql(db, plain, each);
      if (nth % 10 !== 5) continue;
      const some = `id % 7 = ${nth % 7}`;
      await db.exec(`UPDATE job SET job_state = 'completed', duration = duration / 2 + 70, hpc_user = 'b' WHERE ${some};
        DELETE FROM job WHERE id % 5 = ${nth % 5}`);
    }
  };
  let last = Promise.resolve(); // the time limit ends the property, but not the case that runs
  await fc.assert(
    fc.asyncProperty(rowsOf(40), questions, (rows, asked) => {
      last = ask(rows, asked);
      return last;
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  await last;
  index.close();
  plain.close();
  // After all changes they have the rows of a build.
  const followed = await rowsInEach(options);
  await (await NewIndex.open(options)).build(() => {});
  expect(followed).toEqual(await rowsInEach(options));
});

test('a histogram counts durations at every edge of its bins', async () => {
  const { db, options } = await database();
  const edges = Object.values(DURATION_BINS).flatMap(({ widthSec, bins }) =>
    Array.from({ length: bins + 1 }, (_, bin) => bin * widthSec),
  );
  const durations = [...new Set(edges)].flatMap((edge) => [edge - 1, edge, edge + 1]);
  await db.exec(`${jobs(1, durations.length)}
    UPDATE job SET duration = CASE id ${durations.map((duration, at) => `WHEN ${at + 1} THEN ${duration}`).join(' ')} END`);
  const index = await builtIndex(options);
  for (const bins of DURATION_BINS_NAMES)
    await expectSql(db, index, { kind: 'histograms', jobs: ALL, bins, nowSec: NOW });
  index.close();
});

test('a changed SHORT_JOB_S is counted from the next start on', async () => {
  const { db, options } = await database();
  await db.exec(jobs(1, 10)); // of 60 s each
  (await builtIndex(options)).close();
  const index = await opened({ ...options, shortJobSec: 60 });
  await expectSql(db, index, { ...TOTALS, shortJobSec: 60 });
  await index.follow();
  expect(index.repaired).toEqual(['jobs_by_day', 'jobs_by_month']);
  await expectSql(db, index, { ...TOTALS, shortJobSec: 60 });
  await expectSql(db, index, TOTALS);
  await index.follow();
  expect(index.repaired).toEqual([]);
  index.close();
});

test('a summary that does not add up is built again when the index is opened', async () => {
  const { db, options } = await database();
  await db.exec(jobs(1, 10));
  (await builtIndex(options)).close();
  await inFile(options, (file) => file.run('UPDATE jobs_by_duration SET duration_step = duration_step + 3600'));
  await inFile(options, (file) => file.run('UPDATE jobs_by_day SET jobs = jobs + 1'));
  const index = await opened(options);
  await index.follow();
  expect(index.repaired).toEqual(['jobs_by_day', 'jobs_by_duration']);
  expect(await answerOf(index, COUNT)).toEqual([{ count: 10 }]);
  index.close();
});

test('a summary that has stopped adding up is found within a day', async () => {
  const { db, options } = await database();
  await db.exec(jobs(1, 10));
  (await builtIndex(options)).close();
  const index = await opened(options);
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['Date'] });
  await index.follow();
  await db.exec('UPDATE job SET duration = 90 WHERE id = 1');
  vi.setSystemTime(Date.now() + 86_400_000);
  expect(await answerOf(index, COUNT)).toEqual([{ count: 10 }]);
  index.close();
  await inFile(options, (file) => file.run('UPDATE jobs_by_day SET seconds = seconds - 1'));
  const other = await opened(options);
  await expect(other.ask(COUNT)).rejects.toThrow('the summary jobs_by_day does not add up to the jobs');
  other.close();
});

test('summaries are left out if nearly every job is a row of its own', async () => {
  const { db, options } = await database();
  const spread = (first: number, last: number) =>
    `${jobs(first, last)} UPDATE job SET start_time = id * 86400 WHERE id BETWEEN ${first} AND ${last};`;
  await db.exec(spread(1, 20_000));
  const index = await builtIndex(options);
  await db.exec(spread(20_001, 20_010));
  expect(await answerOf(index, COUNT)).toEqual([{ count: 20_010 }]);
  expect(index.summaries?.leftOut).toEqual({});
  index.close();
  const later = await opened(options);
  expect(await answerOf(later, COUNT)).toEqual([{ count: 20_010 }]);
  const tooLarge = 'it would have more than 20 % of the rows of the jobs';
  expect(later.summaries?.leftOut).toEqual({ jobs_by_day: tooLarge }); // the other has 30 days in a row
  later.close();
  (await builtIndex(options)).close();
  const built = await opened(options);
  await built.follow();
  expect(built.summaries?.leftOut).toEqual({ jobs_by_day: tooLarge });
  await expectSql(db, built, TOTALS);
  built.close();
  expect(await rowsIn(options, 'jobs_by_day')).toEqual([]);
});

test('a summary holds jobs that are alike, however long they ran', async () => {
  const { db, options } = await database();
  await db.exec(`${jobs(1, 7)} UPDATE job SET duration = 2147483647, num_nodes = 536870911;`);
  const index = await builtIndex(options);
  await expectSql(db, index, TOTALS);
  await db.exec(`${jobs(8, 40)} UPDATE job SET duration = 2147483647, num_nodes = 536870911;`); // 40 * 2^60 > 2^63
  await expectSql(db, index, TOTALS);
  expect(index.summaries?.leftOut).toEqual({});
  index.close();
});
