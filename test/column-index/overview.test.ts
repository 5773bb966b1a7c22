/** Several questions in one pass. SQL is the oracle, as in equality.test.ts. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { JobFilter } from '../../src/jobs/filter.ts';
import { DURATION_BINS_NAMES } from '../../src/jobs/histograms.ts';
import type { User } from '../../src/jobs/roles.ts';
import { SORT_FIELDS } from '../../src/jobs/statistics.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { type OverviewOptions, overviewQuestion } from '../../src/questions/overview/question.ts';
import { answerOf, indexNextTo } from '../support/column-index.ts';
import { statementFor } from '../support/questions.ts';
import { randomFilter, randomUser, randomWindow } from '../support/random-filters.ts';
import { randomGroupBy, randomZone } from '../support/random-groups.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 5); // times 15 overviews

const scale = fc.record({
  metric: fc.constantFrom('load', 'mem', 'none'),
  stat: fc.constantFrom('avg', 'max'),
  unit: fc.constant('GB'),
  peak: fc.constantFrom(7, 99.9, 256),
});
const options: fc.Arbitrary<OverviewOptions> = fc.record({
  nowSec: fc.constantFrom(NOW, NOW + 1_000),
  shortJobSec: fc.constantFrom(300, 300, 60),
  clip: fc.option(randomWindow, { nil: undefined }),
  zone: randomZone,
  statistics: fc.array(
    fc.record({
      groupBy: randomGroupBy,
      sortBy: fc.constantFrom(undefined, ...SORT_FIELDS),
      page: fc.constantFrom(undefined, { page: 2, itemsPerPage: 2 }),
    }),
    { maxLength: 3 },
  ),
  histograms: fc.array(fc.constantFrom(...DURATION_BINS_NAMES), { maxLength: 2 }),
  withWait: fc.boolean(),
  metricHistograms: fc.array(
    fc.record({ scales: fc.array(scale, { maxLength: 2 }), bins: fc.constantFrom(1, 10, 20) }),
    { maxLength: 2 },
  ),
});
/** A filter without conditions is one that summaries answer. */
const filter = fc.oneof(fc.constant([]), randomFilter);
const asked = fc.array(fc.tuple(randomUser, filter, options), { minLength: 15, maxLength: 15 });

function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
}

test('each part of an overview has the answer of the SQL', async () => {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  await db.exec("INSERT INTO hpc_user (username, name) VALUES ('a', 'Ada'), ('A', NULL)");
  const index = await indexNextTo(db.path);
  onTestFinished(() => index.close());
  const ask = async (rows: Row[], overviews: [User, JobFilter, OverviewOptions][]) => {
    await store(db, rows.map(madeSuitable));
    for (const [user, conditions, parts] of overviews) {
      const question = overviewQuestion(visibleTo(user, conditions), parts);
      const answers = (await answerOf(index, question)) as unknown[][];
      expect(answers).toHaveLength(question.parts.length);
      for (const [at, part] of question.parts.entries()) {
        const statement = statementFor({ ...part, jobs: question.jobs });
        expect(text(answers[at]?.map((row) => statement.row.parse(row)))).toBe(text(await db.read(statement)));
      }
    }
  };
  let last = Promise.resolve(); // the time limit ends the property, but not the case that runs
  await fc.assert(
    fc.asyncProperty(randomRows(40), asked, (rows, overviews) => {
      last = ask(rows, overviews);
      return last;
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  await last;
});
