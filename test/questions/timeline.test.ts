/** A timeline by SQL and by the index against its definition, over random jobs, filters, buckets and groups. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/session.ts';
import type { Database } from '../../src/db/port.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { answerOf, indexNextTo } from '../support/column-index.ts';
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

describe('a timeline', () => {
  test('is that of its definition, by SQL and by the index', async () => {
    const bySql = new JobQuestions(port());
    const deadline = within(600_000);
    let answered = 0;
    const byIndex = new JobQuestions(port(), {
      ask: async (question) => {
        answered += 1;
        return await answerOf(index, question);
      },
    });
    const asked = fc.array(fc.tuple(randomUser, randomFilter, randomTimelines), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(randomRows(40), asked, async (some, questions) => {
        const rows = some.map(madeSuitable);
        await store(db, rows);
        for (const [user, filter, options] of questions) {
          const jobs = visibleTo(user, filter);
          const expected = naiveTimeline(
            rows.filter((row) => matches(row, jobs)),
            options,
          );
          expect(await bySql.timeline(jobs, options, deadline)).toEqual(expected);
          expect(await byIndex.timeline(jobs, options, deadline)).toEqual(expected);
        }
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
    );
    expect(answered).toBeGreaterThan(0);
  });
});
