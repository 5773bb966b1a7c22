/** The lanes of the column index: short questions do not wait for long ones. A test answers the questions. */
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Lanes } from '../../src/column-index/question-lanes.ts';
import type { IndexAnswer } from '../../src/column-index/question-queue.ts';
import type { Deadline } from '../../src/deadline.ts';
import type { StartedCall } from '../../src/processes/running-calls.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { ALL } from '../support/column-index.ts';
import { within } from '../support/pool.ts';

const LIMIT_MS = 60_000;
const SLICE_MS = 100;
const as = (caller: string, gone?: AbortSignal): Deadline => ({ ...within(LIMIT_MS, gone), caller });
const statistics = (shortJobSec: number): Question => ({ kind: 'statistics', jobs: ALL, nowSec: 1, shortJobSec });
const count = (id: bigint): Question => ({
  kind: 'count',
  jobs: { ...ALL, conditions: [{ kind: 'id', field: 'job-id', values: [id] }] },
});

const list = (limit: number): Question => ({ kind: 'page ids', jobs: ALL, offset: 0n, limit });

interface Begun {
  readonly question: Question;
  readonly interrupt: ReturnType<typeof vi.fn>;
  readonly abandon: ReturnType<typeof vi.fn>;
  answer(text: string): Promise<void>;
  fail(message: string): Promise<void>;
}

/** Lanes, and the questions that they have begun. */
function lanesOf() {
  const begun: Begun[] = [];
  const failures: unknown[] = [];
  const begin = (question: Question): StartedCall<IndexAnswer> => {
    const output = Promise.withResolvers<IndexAnswer>();
    const ended = Promise.withResolvers<void>();
    const end = async () => {
      ended.resolve();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    };
    const call = { interrupt: vi.fn(), abandon: vi.fn((reason: unknown) => output.reject(reason)) };
    begun.push({
      ...{ question, ...call },
      answer(text) {
        output.resolve(Buffer.from(text));
        return end();
      },
      fail(message) {
        output.reject(new Error(message));
        return end();
      },
    });
    return { ...call, output: output.promise, ended: ended.promise };
  };
  const engine = { ready: () => begin, failed: (error: unknown) => void failures.push(error) };
  const lanes = new Lanes({ queueLimit: 16, callerLimit: 16 }, engine);
  const ask = (question: Question, deadline = as('ada')) => lanes.ask(question, deadline).then(String);
  const nth = (at: number) => {
    const one = begun[at];
    if (one === undefined) throw new Error(`question ${at} was not begun`);
    return one;
  };
  return { lanes, ask, begun, nth, failures };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
});

test('a count is begun while a statistic runs, and one question of each kind at a time', async () => {
  const { lanes, ask, begun, nth } = lanesOf();
  const answers = [statistics(1), statistics(2), count(1n), count(2n)].map((question) => ask(question));
  expect(begun.map(({ question }) => question)).toEqual([statistics(1), count(1n)]);
  expect(lanes.status()).toMatchObject({ queued: 2, lanes: { quick: { queued: 1 }, slow: { queued: 1 } } });
  await nth(1).answer('first count');
  expect(begun.map(({ question }) => question)).toEqual([statistics(1), count(1n), count(2n)]);
  await nth(0).answer('first');
  await nth(2).answer('second count');
  await nth(3).answer('second');
  expect(await Promise.all(answers)).toEqual(['first', 'second', 'first count', 'second count']);
});

test('a count waits neither for lists nor for statistics', async () => {
  const { lanes, ask, begun, nth } = lanesOf();
  const answers = [list(1), list(2), statistics(1), statistics(2), count(1n)].map((question) => ask(question));
  expect(begun.map(({ question }) => question)).toEqual([list(1), statistics(1), count(1n)]);
  expect(lanes.status().lanes).toMatchObject({ quick: { queued: 0 }, lists: { queued: 1 }, slow: { queued: 1 } });
  for (const at of [0, 1, 2, 3, 4]) await nth(at).answer(String(at));
  await Promise.all(answers);
});

test('of a list and a count that both take long, one starts again', async () => {
  const { lanes, ask, nth } = lanesOf();
  const answers = [list(1), list(2), count(1n), count(2n)].map((question, at) => ask(question, as(`user ${at}`)));
  vi.advanceTimersByTime(SLICE_MS);
  expect(nth(1).interrupt).not.toHaveBeenCalled(); // the count has the place of a statistic
  expect(nth(0).interrupt).toHaveBeenCalledTimes(1);
  await nth(0).fail('interrupted');
  expect(lanes.status()).toMatchObject({ moved: 2, lanes: { quick: { queued: 0 }, slow: { queued: 1 } } });
  for (const at of [1, 2, 3, 4]) await nth(at).answer(JSON.stringify(nth(at).question, ['kind', 'limit']));
  expect(nth(4).question).toEqual(list(1));
  expect(await Promise.all(answers)).toEqual([
    '{"kind":"page ids","limit":1}',
    '{"kind":"page ids","limit":2}',
    '{"kind":"count"}',
    '{"kind":"count"}',
  ]);
});

test('a count that takes long goes on next to others if no statistic runs', async () => {
  const { lanes, ask, begun, nth } = lanesOf();
  const answers = [ask(count(1n)), ask(count(2n), as('ben'))];
  vi.advanceTimersByTime(SLICE_MS - 1);
  expect(begun).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(begun).toHaveLength(2);
  answers.push(ask(statistics(1)));
  expect(begun).toHaveLength(2); // the first count now has the place of a statistic
  await nth(1).answer('second');
  await nth(0).answer('first');
  await nth(2).answer('third');
  expect(await Promise.all(answers)).toEqual(['first', 'second', 'third']);
  expect(nth(0).interrupt).not.toHaveBeenCalled();
  expect(lanes.status()).toMatchObject({ moved: 1, queued: 0 });
});

test('a count that takes long is run again among the statistics if others wait for it', async () => {
  const { lanes, ask, begun, nth, failures } = lanesOf();
  const answers = [ask(statistics(1)), ask(count(1n)), ask(statistics(2), as('ben'))];
  vi.advanceTimersByTime(3 * SLICE_MS);
  expect(nth(1).interrupt).not.toHaveBeenCalled(); // it keeps no one waiting
  answers.push(ask(count(2n), as('ben')));
  expect(nth(1).interrupt).toHaveBeenCalledTimes(1);
  await nth(1).fail('interrupted');
  expect(begun.at(-1)?.question).toEqual(count(2n));
  expect(lanes.status()).toMatchObject({ moved: 1, lanes: { quick: { queued: 0 }, slow: { queued: 2 } } });
  await nth(2).answer('second count');
  await nth(0).answer('first');
  await nth(3).answer('second');
  expect(nth(4).question).toEqual(count(1n));
  await nth(4).answer('first count');
  expect(await Promise.all(answers)).toEqual(['first', 'first count', 'second', 'second count']);
  expect(failures).toEqual([]);
});

test('an answer that comes before the interrupt is taken', async () => {
  const { ask, begun, nth } = lanesOf();
  const answers = [ask(statistics(1)), ask(count(1n)), ask(count(2n))];
  vi.advanceTimersByTime(SLICE_MS);
  expect(nth(1).interrupt).toHaveBeenCalledTimes(1);
  await nth(1).answer('in time');
  await nth(2).answer('second');
  await nth(0).answer('first');
  expect(await Promise.all(answers)).toEqual(['first', 'in time', 'second']);
  expect(begun).toHaveLength(3);
});

test('a question that has moved ends with its deadline, running or waiting', async () => {
  const { lanes, ask, nth } = lanesOf();
  const clients = [new AbortController(), new AbortController()];
  const first = ask(statistics(1));
  const moved = clients.map((client, at) => ask(count(BigInt(at)), as('ben', client.signal)).catch(String));
  vi.advanceTimersByTime(SLICE_MS);
  const last = ask(count(9n), as('cleo'));
  await nth(1).fail('interrupted');
  vi.advanceTimersByTime(SLICE_MS);
  expect(nth(2).interrupt).toHaveBeenCalledTimes(1);
  for (const client of clients) client.abort(); // the first waits, the second still runs
  expect(await Promise.all(moved)).toEqual(Array(2).fill(expect.stringMatching('the client disconnected')));
  expect(nth(2).abandon).toHaveBeenCalledTimes(1);
  await nth(2).fail('interrupted');
  await nth(3).answer('last');
  await nth(0).answer('first');
  expect(await Promise.all([first, last])).toEqual(['first', 'last']);
  expect(lanes.status().queued).toBe(0);
});

test('a question that fails is left to the SQL, and its lane goes on', async () => {
  const { ask, nth, failures } = lanesOf();
  const answers = [ask(statistics(1)), ask(statistics(2))];
  await nth(0).fail('out of memory');
  await nth(1).answer('second');
  expect(await Promise.all(answers)).toEqual(['undefined', 'second']);
  expect(failures).toEqual([new Error('out of memory')]);
});

test('the status has the times that questions have waited', async () => {
  const { lanes, ask, nth } = lanesOf();
  const answers = [1, 2, 3].map((number) => ask(statistics(number)));
  for (const at of [0, 1, 2]) {
    vi.advanceTimersByTime(20);
    await nth(at).answer('');
  }
  await Promise.all(answers);
  expect(lanes.status().lanes).toEqual({
    quick: { queued: 0, waitMs: { p50: 0, p99: 0, max: 0 } },
    lists: { queued: 0, waitMs: { p50: 0, p99: 0, max: 0 } },
    slow: { queued: 0, waitMs: { p50: 20, p99: 40, max: 40 } }, // 0, 20 and 40 ms
  });
});
