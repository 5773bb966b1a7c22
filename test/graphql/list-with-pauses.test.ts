import { expect, test } from 'vitest';
import { Turns } from '../../src/event-loop-turns.ts';
import { withPauses } from '../../src/graphql/list-with-pauses.ts';

test('other work gets turns within a long list', async () => {
  const items = Array.from({ length: 1_000 }, (_, nth) => nth);
  const seen: number[] = [];
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  for await (const item of withPauses(items, new Turns())) {
    seen.push(item);
    const until = performance.now() + 0.1;
    while (performance.now() < until); // stands for the work of the executor
  }
  clearInterval(timer);
  expect(seen).toEqual(items);
  expect(turns).toBeGreaterThan(3);
});

test('of the lists of a request, each turn continues one', async () => {
  const turns = new Turns();
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
  }, 0);
  const inTurns: number[] = [];
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      await turns.next();
      inTurns.push(turn);
      const until = performance.now() + 3; // longer than a turn that only waits
      while (performance.now() < until);
      await turns.next();
    }),
  );
  clearInterval(timer);
  expect(new Set(inTurns).size).toBe(5);
});
