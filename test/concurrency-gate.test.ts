/** The limits on requests to a libSQL server. */
import { expect, test } from 'vitest';
import { gateOf } from '../src/concurrency-gate.ts';
import type { Deadline } from '../src/deadline.ts';
import { within } from './support/pool.ts';

const as = (caller: string, gone?: AbortSignal): Deadline => ({ ...within(60_000, gone), caller });

/** A gate, and the requests that have started. Each runs until it is ended. */
function opened(mostAtOnce: number, callerLimit?: number) {
  const gate = gateOf({ mostAtOnce, callerLimit });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const pass = (name: string, deadline = as(name.replace(/\d+$/, ''))) =>
    gate
      .pass(deadline, () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.push(() => resolve(name)));
      })
      .catch((error: Error) => error.message);
  return { gate, begun, pass, endOne: () => ends.shift()?.() };
}

/** Resolves when all promises that can settle have settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a caller on its own has 32 requests at the server, and 8 from when another asks', async () => {
  const { begun, pass, endOne } = opened(256);
  for (let number = 0; number < 40; number += 1) void pass(`ada${number}`);
  expect(begun).toHaveLength(32);
  void pass('ben0');
  expect(begun.at(-1)).toBe('ben0'); // at once, although eight requests of ada wait
  for (let count = 0; count < 24; count += 1) endOne();
  await settled();
  expect(begun).toHaveLength(33); // eight requests of ada still run
  endOne();
  await settled();
  expect(begun).toHaveLength(34);
});

test('when as many as may be are at the server or wait, the last of the caller with the most is refused for a newcomer', async () => {
  const { begun, pass, endOne } = opened(66); // 64 at the server, 2 wait
  for (const caller of ['ada', 'ben', 'cleo', 'dora', 'eva', 'fay', 'gus', 'hal']) {
    for (let number = 0; number < 8; number += 1) void pass(`${caller}${number}`);
  }
  expect(begun).toHaveLength(64);
  const waiting = [pass('ada8'), pass('ada9')];
  const newcomer = pass('ivo0');
  expect(await waiting[1]).toMatch(/^10 of your own requests/);
  endOne();
  await settled();
  expect(begun.at(-1)).toBe('ivo0');
  void newcomer;
});

test('one that waits and whose client hangs up never begins; what a rollback takes counts', async () => {
  const { gate, begun, pass, endOne } = opened(2);
  const rollback = Promise.withResolvers<void>();
  gate.hold(rollback.promise);
  void pass('ada0');
  expect(begun).toEqual(['ada0']);
  expect(await pass('ben0')).toMatch(/too many requests are waiting/); // two run at once, and none may wait
  rollback.resolve();
  await settled();
  const client = new AbortController();
  client.abort();
  expect(await pass('cleo0', as('cleo', client.signal))).toBe('the client disconnected');
  void pass('ben1');
  expect(begun).toEqual(['ada0', 'ben1']);
  endOne();
});

test('in a Worker nothing waits and nothing is counted', () => {
  const { begun, pass } = opened(Number.POSITIVE_INFINITY);
  for (let number = 0; number < 1_000; number += 1) void pass(`ada${number}`);
  expect(begun).toHaveLength(1_000);
});

test('a request that waits for something else leaves its place to others, and then goes on', async () => {
  const gate = gateOf({ mostAtOnce: 9, width: 1, ofOneCaller: { amongOthers: 1, alone: 1 } });
  const [other, also] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended: string[] = [];
  const first = gate.pass(as('ada'), async ({ leave }) => {
    await Promise.all([leave(() => other.promise), leave(() => also.promise)]);
    ended.push('first');
  });
  const next = Promise.withResolvers<void>();
  const second = gate.pass(as('ada'), async () => {
    await next.promise;
    ended.push('second');
  });
  const third = gate.pass(as('ben'), async () => {
    ended.push('third');
  });
  also.resolve();
  await settled();
  expect(ended).toEqual([]); // the second has the place
  other.resolve();
  await first;
  expect(ended).toEqual(['first']);
  next.resolve();
  await Promise.all([second, third]);
  expect(ended).toEqual(['first', 'second', 'third']);
});
