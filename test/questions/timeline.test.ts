/** A timeline by SQL and by the index against its definition, over random jobs, filters, buckets and groups. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/session.ts';
import type { Database } from '../../src/db/port.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { jobsWithin } from '../../src/questions/timeline/question.ts';
import { WaitsRows } from '../../src/questions/timeline/sqlite.ts';
import { ALL, answerOf, indexNextTo, jobs } from '../support/column-index.ts';
import { matches } from '../support/naive-filter.ts';
import { naiveTimeline } from '../support/naive-timeline.ts';
import { within } from '../support/pool.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { randomRows, store } from '../support/random-jobs.ts';
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
        const rows = some.map(madeSuitable);
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
