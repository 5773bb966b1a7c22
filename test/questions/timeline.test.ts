/** A timeline by SQL and by the index against its definition, over random jobs, filters, buckets and groups. */
import { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/index-session.ts';
import type { Database } from '../../src/db/port.ts';
import { timeZone } from '../../src/jobs/time-zone.ts';
import { edgesOf } from '../../src/jobs/timeline.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { bucketsInRuns } from '../../src/questions/timeline/bucket-runs.ts';
import { jobsWithin } from '../../src/questions/timeline/question.ts';
import { WaitsRows } from '../../src/questions/timeline/sqlite.ts';
import { ALL, answerOf, indexNextTo, jobs } from '../support/column-index.ts';
import { matches } from '../support/naive-filter.ts';
import { naiveTimeline } from '../support/naive-timeline.ts';
import { within } from '../support/pool.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { randomTimelines } from '../support/random-timelines.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 4); // times 12 timelines each

let db: TestDatabase;
let index: IndexSession;
beforeAll(async () => {
  db = await testDatabase();
  index = await indexNextTo(db.path);
});
afterAll(() => {
  index.close();
  db.close();
});

const port = () => ({ read: (statement) => db.read(statement) }) as Pick<Database, 'read'> as Database;

const byIndex = (asked: () => void = () => {}) =>
  new JobQuestions(port(), {
    ask: async (question) => {
      asked();
      return await answerOf(index, question);
    },
  });

describe('a timeline', () => {
  test('has the end of a job in the bucket that begins then, and each wait in that of its start', async () => {
    // Each runs for 60 s, from 10, 40 and 41 s on.
    await db.exec(`DELETE FROM job; ${jobs(1, 3)} UPDATE job SET start_time = 10 + 30 * (job_id >= 2) + (job_id = 3);
      UPDATE job SET submit_time = start_time - job_id`);
    const options = { edges: [0, 40, 70, 100, 101], nowSec: 1_000, top: 10 };
    for (const questions of [new JobQuestions(port()), byIndex()]) {
      const points = await questions.timeline(ALL, options, within(60_000));
      expect(points.map(({ started, ended, running, waitP50 }) => [started, ended, running, waitP50])).toEqual([
        [1, 0, 1, 1],
        [2, 0, 3, 2],
        [0, 1, 2, null],
        [0, 1, 1, null],
      ]);
      const [later] = await questions.timeline(ALL, { ...options, edges: [70, 101] }, within(60_000));
      expect([later?.ended, later?.running]).toEqual([2, 1]);
      const two = await questions.timeline(ALL, { ...options, edges: [0, 70, 101] }, within(60_000));
      expect(two.map(({ ended }) => ended)).toEqual([0, 2]);
    }
    const waits = { kind: 'timeline waits', ...options, jobs: jobsWithin(ALL, options), groups: [] } as const;
    const ofEach = await answerOf(index, { ...waits, started: [2_000_000, 700_000, 700_000, 0] });
    expect(ofEach.map((row) => WaitsRows.parse(row))).toEqual([
      { slot: 0, values: [1, 1] },
      { slot: 1, values: [2, 3] },
    ]);
  });

  test('counts jobs between the midnights of a zone and of UTC on the day of the zone', async () => {
    // One starts every 5 hours, and runs for 13 of them.
    const from = Date.parse('2023-10-26T00:00Z') / 1000;
    await db.exec(
      `DELETE FROM job; ${jobs(1, 80)} UPDATE job SET start_time = ${from} + 18000 * job_id, duration = 46800`,
    );
    for (const zone of ['Europe/Berlin', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati']) {
      const range = { from: BigInt(from + 3_600), to: BigInt(from + 14 * 86_400) };
      const edges = edgesOf('day', timeZone(zone), from, range);
      const options = { edges, nowSec: from + 10 ** 7, top: 10 };
      const expected = await new JobQuestions(port()).timeline(ALL, options, within(60_000));
      expect(await byIndex().timeline(ALL, options, within(60_000)), zone).toEqual(expected);
    }
  });

  test.each([3, 8])('has the groups with most core hours without the %d days after its end', async (days) => {
    await db.exec(`DELETE FROM job; ${jobs(1, 2)} UPDATE job SET start_time = 900, duration = 60, num_hwthreads = 4;
      UPDATE job SET hpc_user = 'late', start_time = 999, duration = ${days} * 86400 WHERE job_id = 2`);
    const options = { edges: [0, 1_000], nowSec: 10 ** 7, groupBy: 'user', top: 1 } as const;
    for (const questions of [new JobQuestions(port()), byIndex()]) {
      const [most] = await questions.timeline(ALL, options, within(60_000));
      expect([most?.coreSeconds, most?.group === 'late']).toEqual([240, false]);
    }
  });

  test('has waits of more than 2^31 seconds', async () => {
    await db.exec(
      `DELETE FROM job; ${jobs(1, 3)} UPDATE job SET start_time = 4000000000 + job_id, submit_time = 1000000000`,
    );
    const options = { edges: [4_000_000_000, 4_000_000_100], nowSec: 5_000_000_000, top: 10 };
    for (const questions of [new JobQuestions(port()), byIndex()]) {
      const [point] = await questions.timeline(ALL, options, within(60_000));
      expect([point?.waitP50, point?.waitP90]).toEqual([3_000_000_002, 3_000_000_003]);
    }
  });

  test.each([
    ['month', 'UTC', 0, 2_000_000_000],
    ['day', 'Europe/Berlin', 1_606_320_000, 1_764_000_000],
    ['week', 'Australia/Lord_Howe', 1_606_320_001, 1_764_000_000],
    ['day', 'America/New_York', 1_699_160_000, 1_699_170_000],
    ['hour', 'Asia/Kathmandu', 1_699_990_000, 1_699_991_000],
    ['year', 'UTC', 1_577_836_800, 1_577_836_801],
  ] as const)('has buckets of a %s of %s that DuckDB finds by arithmetic', async (bucket, zone, from, to) => {
    const edges = edgesOf(bucket, timeZone(zone), to, { from: BigInt(from), to: BigInt(to) });
    const times = [...new Set(edges.flatMap((edge, at) => [edge - 1, edge, (edge + (edges[at + 1] ?? edge)) >> 1]))];
    const inside = times.filter((time) => time >= from && time < to);
    const relative = bucketsInRuns(edges);
    const { left } = bucketsInRuns(edges, 0);
    const connection = await DuckDBConnection.create();
    const found =
      await connection.runAndReadAll(`SELECT time, bucket, ${relative.edge('(bucket + 1)')} AS ends, ${left('time')} AS rest
      FROM (SELECT time, ${relative.bucket('begins')} AS bucket
        FROM (SELECT time, time - ${from} AS begins FROM (SELECT unnest([${inside.join()}]::BIGINT[]) AS time)))`);
    const expected = inside.map((time) => {
      const end = edges.findIndex((edge) => edge > time);
      return [time, end - 1, (edges[end] ?? 0) - from, (edges[end] ?? 0) - time];
    });
    expect(found.getRows().map((row) => row.map(Number))).toEqual(expected);
    connection.closeSync();
  });

  test('is that of its definition, by SQL and by the index', async () => {
    const bySql = new JobQuestions(port());
    const deadline = within(600_000);
    let answered = 0;
    const indexed = byIndex(() => {
      answered += 1;
    });
    const asked = fc.array(fc.tuple(randomUser, randomFilter, randomTimelines), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(randomRows(40), asked, async (some, questions) => {
        const rows = some.map(madeSuitable).map(spread);
        await store(db, rows);
        for (const [user, filter, options] of questions) {
          const visible = visibleTo(user, filter);
          const expected = naiveTimeline(
            rows.filter((row) => matches(row, visible)),
            options,
          );
          expect(await bySql.timeline(visible, options, deadline)).toEqual(expected);
          expect(await indexed.timeline(visible, options, deadline)).toEqual(expected);
        }
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
    );
    expect(answered).toBeGreaterThan(0);
  });
});

/** Jobs that started at some time of 2023 start in four weeks before it, in which zones change their clocks. */
function spread(row: Row, index: number): Row {
  if (row['start-time'] < 1_600_000_000n || row['start-time'] > 1_800_000_000n) return row;
  const sooner = BigInt(index) * 50_021n;
  return { ...row, 'start-time': row['start-time'] - sooner, submitTime: row.submitTime - sooner };
}
