import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqlBuilder } from '../../src/db/sql/sql-builder.ts';
import type { SqlValue } from '../../src/db/statement.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { DURATION_BINS_NAMES, jobHistogramsOf, metricHistogramsOf } from '../../src/jobs/histograms.ts';
import { SORT_FIELDS } from '../../src/jobs/statistics.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { jobHistograms } from '../../src/questions/histograms/sqlite.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { newestFirst } from '../../src/questions/list/newest-first.ts';
import { metricHistograms } from '../../src/questions/metric-histograms/sqlite.ts';
import { jobPercentiles } from '../../src/questions/percentiles/sqlite.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { unusedOf } from '../../src/questions/unused-hours/sqlite.ts';
import { matches } from '../support/naive-filter.ts';
import { NODE_PEAKS } from '../support/naive-fractions.ts';
import { naivePercentiles } from '../support/naive-percentiles.ts';
import { naiveHistograms, naiveMetricHistogram, naiveStatistics } from '../support/naive-statistics.ts';
import { naiveUnused, randomUnused } from '../support/naive-unused.ts';
import { randomFilter, randomUser, randomWindow } from '../support/random-filters.ts';
import { randomGroupBy, randomZone } from '../support/random-groups.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { randomPercentiles } from '../support/random-percentiles.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 40); // times 40 filters each

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

/** Compares for `sort`: newest start first, then higher id. */
function byPosition(a: Row, b: Row): number {
  if (a['start-time'] !== b['start-time']) return a['start-time'] < b['start-time'] ? 1 : -1;
  return a['db-id'] < b['db-id'] ? 1 : -1;
}

/** Runs `check` for 40 random filters of random users over the same random rows, RUNS times. */
async function overRandomJobs<Extra>(
  extra: fc.Arbitrary<Extra>,
  check: (visible: ReturnType<typeof visibleTo>, found: Row[], extra: Extra, rows: Row[]) => Promise<void>,
) {
  const asked = fc.array(fc.tuple(randomUser, randomFilter, extra), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(randomRows(40), asked, async (rows, questions) => {
      await store(db, rows);
      for (const [user, filter, more] of questions) {
        const visible = { ...visibleTo(user, filter), nodePeaks: NODE_PEAKS };
        const found = rows.filter((row) => matches(row, visible)).sort(byPosition);
        await check(visible, found, more, rows);
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000 },
  );
}

test('counts are those of a naive filter over the rows', async () => {
  await overRandomJobs(fc.constant(null), async (visible, found) => {
    expect(await db.read(countJobs(visible))).toEqual([{ count: found.length }]);
  });
});

test('a page holds the jobs of a naive filter, sort and slice', async () => {
  const pages = fc.record({
    page: fc.constantFrom(1, 1, 2, 3, 2 ** 53 - 1),
    itemsPerPage: fc.constantFrom(1, 3, 10, 2 ** 53 - 1),
    width: fc.constantFrom(1, 2),
  });
  await overRandomJobs(pages, async (visible, found, { width, ...page }) => {
    const next = listBatches(visible, { ...page, nowSec: NOW, withMetadata: true });
    const batches = await db.batches(next, width);
    const ids = batches.flatMap(({ text }) =>
      [...text.matchAll(/"id":(\d+),"statistics":null}(?:,\n|$)/g)].map(([, id]) => BigInt(id ?? 0)),
    );
    const first = (page.page - 1) * page.itemsPerPage;
    expect(ids).toEqual(found.slice(first, first + page.itemsPerPage).map((row) => row['db-id']));
    for (const { text, rows } of batches) expect(JSON.parse(`[${text}]`)).toHaveLength(rows);
  });
});

test('a list goes on after any position, with any last starts', async () => {
  const row = fc.nat({ max: 39 });
  const asked = fc.record({
    at: row,
    later: fc.constantFrom(-1n, 0n, 1n),
    id: fc.bigInt(-1n, 41n),
    lasts: fc.array(row, { maxLength: 2 }),
  });
  await overRandomJobs(asked, async (visible, found, { at, later, id, lasts }, rows) => {
    const startOf = (index: number) => rows[index % Math.max(1, rows.length)]?.['start-time'] ?? 0n;
    const startTime = startOf(at) + later;
    const ends = lasts.map(
      (index): Condition => ({ kind: 'whole', field: 'start-time', range: { to: startOf(index) } }),
    );
    const jobs = { ...visible, conditions: [...visible.conditions, ...ends] };
    const { sql, parameters } = newestFirst(jobs, { after: { startTime, id }, offset: 0n, limit: 40 }).compile(
      sqlBuilder,
    );
    const ids = await db.all(`SELECT CAST(id AS TEXT) AS id FROM (${sql})`, parameters as SqlValue[]);
    const rest = found.filter(
      (one) =>
        lasts.every((index) => one['start-time'] <= startOf(index)) &&
        (one['start-time'] < startTime || (one['start-time'] === startTime && one['db-id'] < id)),
    );
    expect(ids).toEqual(rest.map((one) => ({ id: String(one['db-id']) })));
  });
});

test('statistics are those of the formulas over the rows', async () => {
  const options = fc.record({
    groupBy: randomGroupBy,
    zone: randomZone,
    sortBy: fc.constantFrom(undefined, ...SORT_FIELDS),
    page: fc.constantFrom(undefined, { page: 1, itemsPerPage: 3 }, { page: 2, itemsPerPage: 2 }),
    shortJobSec: fc.constantFrom(0, 300),
    clip: fc.option(randomWindow, { nil: undefined }),
  });
  await overRandomJobs(options, async (visible, found, asked) => {
    const question = { ...asked, nowSec: NOW };
    expect(await db.read(jobStatistics(visible, question))).toEqual(
      naiveStatistics(found, { ...question, tagScopes: visible.tagScopes }),
    );
  });
});

test('histograms are those of the bin tables over the rows', async () => {
  const options = fc.record({
    bins: fc.constantFrom(...DURATION_BINS_NAMES),
    withWait: fc.boolean(),
  });
  await overRandomJobs(options, async (visible, found, { bins, withWait }) => {
    const counted = await db.read(jobHistograms(visible, { bins, withWait, nowSec: NOW }));
    expect(jobHistogramsOf(bins, counted, withWait)).toEqual(naiveHistograms(found, bins, NOW, withWait));
  });
});

test('percentiles are those of their definition over the sorted values', async () => {
  await overRandomJobs(randomPercentiles, async (visible, found, asked) => {
    expect(await db.read(jobPercentiles(visible, asked))).toEqual(
      naivePercentiles(found, { ...asked, tagScopes: visible.tagScopes }),
    );
  });
});

test('what was asked for and not used is that of the formulas over the rows', async () => {
  await overRandomJobs(randomUnused, async (visible, found, asked) => {
    expect(await db.read(unusedOf(visible, asked))).toEqual(
      naiveUnused(found, { ...asked, tagScopes: visible.tagScopes }),
    );
  });
});

test('metric histograms are those of the formula over the rows', async () => {
  const scale = fc.record({
    metric: fc.constantFrom('load', 'mem', 'none', "x'"),
    stat: fc.constantFrom('avg', 'max', ''),
    unit: fc.constant('GB'),
    peak: fc.constantFrom(0, 7, 10, 99.9, 100, 256),
  });
  const options = fc.record({ scales: fc.array(scale, { maxLength: 3 }), bins: fc.constantFrom(1, 3, 10, 100) });
  await overRandomJobs(options, async (visible, found, { scales, bins }) => {
    const counted = await db.read(metricHistograms({ jobs: visible, scales, bins }));
    expect(metricHistogramsOf(scales, bins, counted)).toEqual(
      scales.map((one) => naiveMetricHistogram(found, one, bins)),
    );
  });
});
