/** SQL is the oracle. For random rows, filters and questions, the index returns the same JSON or declines. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/index-session.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { jobsWithin } from '../../src/questions/timeline/question.ts';
import { ALL, answerOf, builtIndex, indexNextTo, jobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { NODE_PEAKS } from '../support/naive-fractions.ts';
import { type OneQuery, statementFor } from '../support/questions.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { randomQuestion } from '../support/random-questions.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { isSuitable, madeSuitable } from '../support/suitable-jobs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 10); // times 40 questions each

const countOf = (jobs: VisibleJobs): OneQuery => ({ kind: 'count', jobs });
const asked = fc.array(fc.tuple(randomUser, randomFilter, randomQuestion), { minLength: 40, maxLength: 40 });

async function opened(): Promise<{ db: TestDatabase; index: IndexSession }> {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  await db.exec("INSERT INTO hpc_user (username, name) VALUES ('a', 'Ada'), ('A', NULL), ('ä', 'Ä')");
  const index = await indexNextTo(db.path);
  onTestFinished(() => index.close());
  return { db, index };
}

async function bothAnswer({ db, index }: { db: TestDatabase; index: IndexSession }, question: OneQuery) {
  const statement = statementFor(question);
  const rows = await answerOf(index, question);
  expect(text(rows.map((row) => statement.row.parse(row)))).toBe(text(await db.read(statement)));
}

/** The exact JSON of the service, with integers of any size. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
}

test('every answer is that of the SQL, behind every write', async () => {
  const both = await opened();
  await fc.assert(
    fc.asyncProperty(randomRows(40), asked, async (rows, questions) => {
      await store(both.db, rows.map(madeSuitable));
      for (const [user, filter, ask] of questions)
        await bothAnswer(both, ask({ ...visibleTo(user, filter), nodePeaks: NODE_PEAKS }));
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

test('an index that was built of the rows answers as one that followed them', async () => {
  await fc.assert(
    fc.asyncProperty(randomRows(40), asked, async (rows, questions) => {
      const db = await testDatabase();
      await store(db, rows.map(madeSuitable));
      const folder = testFolder();
      const options = { databasePath: db.path, path: join(folder, 'x.columns'), memoryMb: 128, tempDir: folder };
      const index = await builtIndex({ ...options, spillMb: 64, shortJobSec: 300 });
      for (const [user, filter, ask] of questions)
        await bothAnswer({ db, index }, ask({ ...visibleTo(user, filter), nodePeaks: NODE_PEAKS }));
      index.close();
      db.close();
    }),
    { numRuns: Math.ceil(RUNS / 3), interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

test('it leaves to the SQL exactly the questions that match a job it does not hold', async () => {
  const both = await opened();
  let [answered, left] = [0, 0];
  await fc.assert(
    fc.asyncProperty(randomRows(12), asked, async (rows, questions) => {
      await store(both.db, rows);
      const odd = rows.filter((row) => !isSuitable(row)).map((row) => row['db-id'] as bigint);
      for (const [user, filter, ask] of questions) {
        const question = ask({ ...visibleTo(user, filter), nodePeaks: NODE_PEAKS });
        const isOdd: Condition = { kind: 'id', field: 'db-id', values: odd };
        const conditions = [...question.jobs.conditions, isOdd];
        const [matching] = await both.db.read(countJobs({ ...question.jobs, conditions }));
        if (matching?.count === 0) {
          answered += 1;
          await bothAnswer(both, question);
        } else {
          left += 1;
          expect(await both.index.ask(question)).toBeUndefined();
          await both.db.read(statementFor(question));
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(Math.min(answered, left)).toBeGreaterThan(0);
});

test('a bucket that jobs of its day of UTC only pass through has no row', async () => {
  const both = await opened();
  // Midnights 7 hours after those of UTC. The only job starts at 6:00 UTC of the second day: in the bucket before that
  // of the last second of its day, where all jobs of the day count at first.
  const edges = [0, 1, 2, 3].map((day) => day * 86_400 + 7 * 3_600);
  await both.db.exec(`${jobs(1, 1)} UPDATE job SET start_time = ${2 * 86_400 + 6 * 3_600}, duration = 60`);
  const options = { edges, nowSec: 10 ** 6, top: 10 };
  const question = { kind: 'timeline', ...options, jobs: jobsWithin(ALL, options), groups: [] } as const;
  expect(await both.db.read(statementFor(question))).toHaveLength(1);
  await bothAnswer(both, question);
});

test('a number of a footprint is the one that SQLite reads, however it is written', async () => {
  const both = await opened();
  const written = [
    ...[
      '0.1',
      '0.30000000000000004',
      '123456789012345',
      '1234567890123456',
      '9007199254740991',
      '0.12345678901234567890',
    ],
    ...[
      '1e5',
      '1E-7',
      '-0',
      '-0.0',
      '5.0',
      '4.35',
      '2.675',
      '1.7976931348623157e307',
      '5e-324',
      '8.41e21',
      '"5"',
      'null',
    ],
    ...[
      'true',
      '[1,2]',
      '{"a":1}',
      '0.000000000000001',
      '99999999999999.9',
      '179.99999999999997',
      '72057594037927.945',
    ],
  ];
  const rows = written.flatMap((value) => [
    `{"load_avg":${value},"mem_max":7}`,
    `{"mem_max":0.25,"load_avg":${value}}`,
  ]);
  await both.db.exec(`INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared, footprint)
    VALUES ${rows.map((json, at) => `(${at}, 'a', 'm', 'u', 'p', 1, 1, 'completed', '[]', 1, 'none', '${json}')`).join()}`);
  const every = visibleTo({ name: 'root', roles: new Set(['admin']), projects: [] });
  for (const value of [...written.map(Number).filter(Number.isFinite), 7, 0.25]) {
    for (const key of ['load_avg', 'mem_max']) {
      for (const range of [{ from: value, to: value }, { from: value }, { to: value }]) {
        await bothAnswer(both, countOf({ ...every, conditions: [{ kind: 'footprint', key, range }] }));
      }
    }
    if (value > 0) {
      const scales = [{ metric: 'load', stat: 'avg', unit: '', peak: value }];
      await bothAnswer(both, { kind: 'metric histograms', jobs: every, scales, bins: 7 });
    }
  }
});
