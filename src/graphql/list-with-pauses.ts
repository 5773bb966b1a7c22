import { Turn, type Turns } from '../event-loop-turns.ts';

/**
 * Values of a list that the executor completes at a stretch, by a high estimate: each item has all fields of the
 * operation. A list of 200 jobs on a page has that many.
 */
export const VALUES_WITHOUT_PAUSE = 10_000;
/**
 * The items, with pauses between them: the executor would complete a long list at a stretch. Lists with
 * the same `turns` are not completed in the same turn.
 */
export async function* withPauses<Item>(items: Iterable<Item>, turns: Turns): AsyncGenerator<Item, void, void> {
  const turn = new Turn(turns);
  await turn.next();
  for (const item of items) {
    yield item;
    if (turn.isOver) await turn.next();
  }
}
