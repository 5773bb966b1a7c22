/** The queue of the column index: equal questions are shared, others never, and callers take turns. */
import { describe, expect, test } from 'vitest';
import { type PendingQuestion, QuestionQueue, settle } from '../../src/column-index/question-queue.ts';
import type { Deadline } from '../../src/deadline.ts';
import type { Condition, JobFilter } from '../../src/jobs/filter.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import type { QuestionIndex } from '../../src/questions/index-port.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { indexed, isReady, jobs, withJobs } from '../support/column-index.ts';
import { testPool, until, within } from '../support/pool.ts';
import { bodyOf, testApp } from '../support/test-app.ts';

const LIMIT_MS = 60_000;
const as = (caller: string, gone?: AbortSignal): Deadline => ({ ...within(LIMIT_MS, gone), caller });
const jobsOf = (name: string) => visibleTo({ name, roles: new Set(['user']), projects: [] });
const countOf = (name: string): Question => ({ kind: 'count', jobs: jobsOf(name) });
const pageOf = (page: number): Question => ({
  ...{ kind: 'statistics', jobs: jobsOf('ada'), nowSec: 1, shortJobSec: 1 },
  page: { page, itemsPerPage: 1 },
});
/** A part of an export to callers who may know the users of these jobs. */
const partOf = (named: Condition | undefined): Question => ({
  ...{ kind: 'export part', columns: ['user'], nowSec: 1 },
  jobs: { conditions: [], tagScopes: [], named },
});
const never = () => {};

/** Adds a question and records its result. */
const add = (
  asks: QuestionQueue,
  question: Question,
  deadline: Deadline,
  abandoned: (ask: PendingQuestion) => void = never,
) =>
  asks.add(question, deadline, abandoned).then(
    (answer) => (answer === undefined ? answer : JSON.parse(String(answer))),
    (error: Error) => error.message,
  );

const nextOf = (asks: QuestionQueue) => asks.next('quick') ?? asks.next('slow');

/** Answers every question with its own text. */
function answerAll(asks: QuestionQueue): string[] {
  const questions: string[] = [];
  for (let ask = nextOf(asks); ask !== undefined; ask = nextOf(asks)) {
    questions.push(JSON.stringify(ask.question));
    settle(ask, Buffer.from(JSON.stringify([ask.question])));
  }
  return questions;
}

describe('equal questions', () => {
  test('are run once for all who wait, of whichever caller', async () => {
    const asks = new QuestionQueue({ queueLimit: 16, callerLimit: 16 });
    const answers = ['ada', 'ada', 'ben'].map((caller) => add(asks, countOf('ada'), as(caller)));
    expect(asks.length).toBe(1);
    expect(answerAll(asks)).toHaveLength(1);
    expect(await Promise.all(answers)).toEqual(Array(3).fill([countOf('ada')]));
  });

  test('are not those that differ in who may see what, or in any other part', async () => {
    const asks = new QuestionQueue({ queueLimit: 16, callerLimit: 16 });
    const questions: Question[] = [
      countOf('ada'),
      countOf('ben'),
      { kind: 'count', jobs: visibleTo({ name: 'ada', roles: new Set(['admin']), projects: [] }) },
      { kind: 'count', jobs: visibleTo({ name: 'ada', roles: new Set(['manager']), projects: ['p1'] }) },
      { kind: 'count', jobs: visibleTo({ name: 'ada', roles: new Set(['manager']), projects: ['p2'] }) },
      pageOf(1),
      pageOf(2),
      partOf(undefined),
      partOf({ kind: 'owner', user: 'ada', projects: [] }),
      partOf({ kind: 'owner', user: 'ben', projects: [] }),
    ];
    const answers = questions.map((question) => add(asks, question, as('ada')));
    expect(answerAll(asks)).toHaveLength(questions.length);
    expect(await Promise.all(answers)).toEqual(questions.map((question) => [question]));
  });

  test('are those of callers who see the same jobs, unless they are about tags, of which each has private ones', async () => {
    const asks = new QuestionQueue({ queueLimit: 16, callerLimit: 16 });
    const admin = (name: string, filter: JobFilter): Question => ({
      kind: 'count',
      jobs: visibleTo({ name, roles: new Set(['admin']), projects: [] }, filter),
    });
    for (const filter of [[], [{ kind: 'tag', ids: [1n] }]] satisfies JobFilter[]) {
      for (const name of ['ada', 'ben']) void add(asks, admin(name, filter), as(name));
      expect(asks.length).toBe(filter.length === 0 ? 1 : 2);
      for (let ask = nextOf(asks); ask !== undefined; ask = nextOf(asks)) settle(ask, undefined);
    }
  });

  test('of which one caller gives up are run for the other', async () => {
    const asks = new QuestionQueue({ queueLimit: 16, callerLimit: 16 });
    const client = new AbortController();
    const abandoned: PendingQuestion[] = [];
    const first = add(asks, countOf('ada'), as('ada', client.signal), (ask) => abandoned.push(ask));
    const second = add(asks, countOf('ada'), as('ben'));
    client.abort();
    expect([await first, abandoned]).toEqual(['the client disconnected', []]);
    expect(answerAll(asks)).toHaveLength(1);
    expect(await second).toEqual([countOf('ada')]);
  });
});

describe('turns', () => {
  const order = (asks: QuestionQueue) =>
    answerAll(asks).map((text) => (JSON.parse(text) as { page: { page: number } }).page.page);

  test('callers take turns, and a shared question is run at the first of them', async () => {
    const asks = new QuestionQueue({ queueLimit: 16, callerLimit: 16 });
    const answers = [1, 2, 3].map((page) => add(asks, pageOf(page), as('ada')));
    answers.push(add(asks, pageOf(9), as('ben')), add(asks, pageOf(3), as('cleo')));
    expect(order(asks)).toEqual([1, 9, 3, 2]);
    await Promise.all(answers);
  });

  test('a newcomer gets into a full queue, and who is waited for already needs no place', async () => {
    const asks = new QuestionQueue({ queueLimit: 2, callerLimit: 2 });
    const answers = [1, 2].map((page) => add(asks, pageOf(page), as('ada')));
    const shared = add(asks, pageOf(2), as('cleo'));
    const refused = add(asks, pageOf(3), as('ada'));
    expect(await refused).toMatch(/your own requests/);
    const newcomer = add(asks, pageOf(9), as('ben'));
    expect(await answers[1]).toMatch(/^2 of your own requests/);
    expect(order(asks)).toEqual([1, 2, 9]);
    expect(await Promise.all([answers[0], shared, newcomer])).toEqual([[pageOf(1)], [pageOf(2)], [pageOf(9)]]);
  });
});

test('through the service two users who ask the same at once get the count of their own jobs each', async () => {
  const pool = await testPool();
  await withJobs(pool, `${jobs(1, 3, "'ada', 1")}${jobs(4, 8, "'ben', 1")}`);
  const both = indexed(pool);
  await isReady(both);
  let asked = 0;
  const index: QuestionIndex = {
    ask(question, deadline) {
      const rows = both.index.ask(question, deadline);
      asked += 1;
      return rows;
    },
  };
  const service = await testApp({ service: () => ({ db: both.db, index }) });
  try {
    const [{ pid } = { pid: 0 }] = both.index.processes();
    process.kill(pid, 'SIGSTOP');
    const counted = ['ada', 'ben', 'ada', 'ben', 'ada'].map(async (user) => {
      const answer = await service.get('/userapi/jobs/count', user, 'api', 'user');
      return (await bodyOf<{ count: number }>(answer)).count;
    });
    await until(() => asked === counted.length, LIMIT_MS);
    const { answers } = both.index.status();
    process.kill(pid, 'SIGCONT');
    expect(await Promise.all(counted)).toEqual([3, 5, 3, 5, 3]);
    expect(both.index.status().answers - answers).toBeLessThan(counted.length); // some were shared
  } finally {
    await service.close();
  }
});
