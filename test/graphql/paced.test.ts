import { expect, test } from 'vitest';
import { withPauses } from '../../src/graphql/paced.ts';

test('other work gets turns within a long list', async () => {
  const items = Array.from({ length: 1_000 }, (_, nth) => nth);
  const seen: number[] = [];
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  for await (const item of withPauses(items)) {
    seen.push(item);
    const until = performance.now() + 0.1;
    while (performance.now() < until); // stands for the work of the executor
  }
  clearInterval(timer);
  expect(seen).toEqual(items);
  expect(turns).toBeGreaterThan(3);
});
