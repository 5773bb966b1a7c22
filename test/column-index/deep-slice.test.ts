/** Deep pages of a list: searching range by range finds the same jobs as sorting all of them. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import { ALL_FIELDS } from '../../src/jobs/fields.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { ORDERS, SORT_COLUMNS } from '../../src/jobs/list-order.ts';
import type { DuckDbQuery } from '../../src/questions/duckdb-query.ts';
import { RUNNING } from '../../src/questions/index-columns.ts';
import { pageIdsOf } from '../../src/questions/list/deep-slice.ts';
import { pageIdsQuery } from '../../src/questions/list/duckdb.ts';
import type { PageIdsQuestion } from '../../src/questions/list/question.ts';
import { quantizedColumn, quantizedSql } from '../../src/questions/quantized-doubles.ts';
import { ALL } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { EXTREME_WHOLES } from '../support/random-jobs.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 10); // times 20 slices each
const INDEX = { footprintKeys: [], hasWide: true, readableTags: new Set<bigint>() };
/** Nothing is shallow or few, so every range is divided until its values are equal. */
const NOWHERE = { shallow: -1n, few: 0n };

interface Job {
  startTime: number | bigint;
  duration: number | bigint;
  nodes: number;
  threads: number | bigint;
  energy: number;
  isRunning: boolean;
}

/** A job that has one of them is wide. The seconds since the least of all integers exceed 64 bits. */
const wide = fc.constantFrom(...EXTREME_WHOLES.filter((value) => value > -(2n ** 63n)));
const job: fc.Arbitrary<Job> = fc.record({
  startTime: fc.oneof(fc.constantFrom(0, NOW), fc.integer({ min: -(2 ** 32) + 1, max: 2 ** 32 - 1 }), wide),
  duration: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), wide),
  nodes: fc.integer({ min: 0, max: 2 }),
  threads: fc.oneof(fc.integer({ min: -(2 ** 29) + 1, max: 2 ** 29 - 1 }), wide),
  energy: fc
    .oneof(
      fc.constantFrom(0, 5e-324, 1e308, -1e308, 1.5),
      fc.double({ min: -1e308, max: 1e308, noNaN: true }),
      fc.double({ min: 0, max: 1e-300, noNaN: true }),
    )
    .map((energy) => energy + 0), // SQLite stores no -0
  isRunning: fc.boolean(),
});

const conditions = fc.constantFrom<Condition[]>(
  [],
  [{ kind: 'whole', field: 'num-nodes', range: { from: 1n } }],
  [{ kind: 'decimal', field: 'energy', range: { from: 0, to: 1e300 } }],
  [{ kind: 'text', field: 'project', operator: 'is', values: ["p'"] }],
);

const slice = fc.record({
  offset: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constant(2 ** 53)).map(BigInt),
  limit: fc.constantFrom(1, 3, 25, 1_000),
});

const newest = fc.record({ conditions, slice, after: fc.option(job, { nil: undefined }) }).map(
  ({ conditions, slice, after }): PageIdsQuestion => ({
    ...{ kind: 'page ids', jobs: { ...ALL, conditions }, ...slice },
    ...(after === undefined ? {} : { after: { startTime: BigInt(after.startTime), id: 40n } }),
  }),
);
const sorted = fc
  .record({ conditions, slice, column: fc.constantFrom(...SORT_COLUMNS), order: fc.constantFrom(...ORDERS) })
  .map(
    ({ conditions, slice, column, order }): PageIdsQuestion => ({
      ...{ kind: 'page ids', jobs: { ...ALL, conditions }, ...slice },
      sorted: { column, order, nowSec: NOW },
    }),
  );
const slices = fc.array(fc.oneof(newest, sorted), { minLength: 20, maxLength: 20 });

async function opened(): Promise<IndexFile> {
  const folder = testFolder();
  const file = await IndexFile.open({
    ...{ path: join(folder, 'job.db.columns'), memoryMb: 128, tempDir: folder, spillMb: 64, shortJobSec: 300 },
  });
  onTestFinished(() => file.close());
  await file.create();
  return file;
}

/** Sorted like the others, with equal values in most jobs. */
const OTHERS = ALL_FIELDS.flatMap((field) =>
  field.kind === 'whole' && !['duration', 'num-nodes', 'num-hwthreads'].includes(field.name) ? [field.column] : [],
);

async function fill(file: IndexFile, jobs: readonly Job[]): Promise<void> {
  await file.deleteJobs({ where: 'true', parameters: [] }, false);
  for (const [at, { startTime, duration, nodes, threads, energy, isRunning }] of jobs.entries()) {
    const isWide = [startTime, duration, threads].some((value) => typeof value === 'bigint');
    await file.run(
      `INSERT INTO ${isWide ? 'wide_job' : 'job'} BY NAME SELECT ${at} AS id, ${startTime} AS start_time, ${duration} AS duration, ${nodes} AS num_nodes,
        ${threads} AS num_hwthreads, ${OTHERS.map((column) => `${nodes * 3} AS ${column}`).join(', ')}, $1 AS energy, ${quantizedSql('$1')} AS ${quantizedColumn('energy')}, $2 AS project, ${isRunning ? RUNNING : 0} AS job_state`,
      [energy, at % 3 === 0 ? 'q' : "p'"],
    );
  }
}

test('a slice is the same, wherever it begins and however it is sorted', async () => {
  const file = await opened();
  let rows = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(job, { minLength: 50, maxLength: 80 }), slices, async (jobs, questions) => {
      await fill(file, jobs);
      for (const question of questions) {
        const found = await pageIdsOf(file, question, INDEX, NOWHERE);
        expect(found).toEqual(await file.rows(pageIdsQuery(question, INDEX)));
        rows += found.length;
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 90_000, endOnFailure: true },
  );
  expect(rows).toBeGreaterThan(RUNS * 20);
});

test('energies that are too close for their range are sorted after a few steps', async () => {
  const file = await opened();
  await file.run(`INSERT INTO job BY NAME SELECT *, ${quantizedSql('energy')} AS ${quantizedColumn('energy')}
    FROM (SELECT range AS id, 7 AS start_time, 0 AS job_state, if(range = 0, 1e308, 1e-300 * range) AS energy FROM range(1000))`);
  const sorted = { column: 'energy', order: 'asc', nowSec: NOW } as const;
  const question: PageIdsQuestion = { kind: 'page ids', jobs: ALL, offset: 900n, limit: 2, sorted };
  let asked = 0;
  const counted = {
    rows: async (query: DuckDbQuery) => {
      asked += 1;
      return await file.rows(query);
    },
  };
  const ids = (await pageIdsOf(counted, question, INDEX, NOWHERE)).map(({ id }) => id);
  expect(ids).toEqual(['901', '902']);
  expect(asked).toBeLessThanOrEqual(20);
});

test('jobs that all began at once are sorted by their ids', async () => {
  const file = await opened();
  await file.run(
    "INSERT INTO job BY NAME SELECT range AS id, 7 AS start_time, 0 AS job_state, 'p' AS project FROM range(1000)",
  );
  const question: PageIdsQuestion = { kind: 'page ids', jobs: ALL, offset: 900n, limit: 2 };
  const ids = (await pageIdsOf(file, question, INDEX, NOWHERE)).map(({ id }) => id);
  expect(ids).toEqual(['99', '98']);
});
