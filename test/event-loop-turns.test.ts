import { expect, onTestFinished, test } from 'vitest';
import { inSlices } from '../src/event-loop-turns.ts';

/** Takes a fifth of a millisecond. */
function slow(item: number): number {
  for (const end = performance.now() + 0.2; performance.now() < end; );
  return item;
}
const items = (length: number) => Array.from({ length }, (_, at) => at);

test('a long list leaves turns of the event loop to others', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  });
  onTestFinished(() => clearInterval(timer));
  expect(await inSlices(items(640), slow, new AbortController())).toEqual(items(640));
  expect(turns).toBeGreaterThan(2);
});

test('it ends at its deadline', async () => {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(new Error('late')));
  let made = 0;
  const count = (item: number) => {
    made += 1;
    return slow(item);
  };
  const making = inSlices(items(10_000), count, deadline);
  await expect(making).rejects.toThrow('late');
  expect(made).toBeLessThan(10_000);
});
