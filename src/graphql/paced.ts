/**
 * Values of a list that the executor completes at a stretch, by a high estimate: each item has all fields of the
 * operation. A list of 200 jobs on a page has that many.
 */
export const VALUES_WITHOUT_PAUSE = 10_000;
/** Time after which other requests get a turn. */
const TURN_MS = 10;

/** The items, with pauses between them: the executor would complete a long list at a stretch. */
export async function* withPauses<Item>(items: Iterable<Item>): AsyncGenerator<Item, void, void> {
  const turn = new Turn();
  for (const item of items) {
    yield item;
    if (turn.isOver) await turn.next();
  }
}

/** The time that long work may occupy the thread, which all requests share. */
export class Turn {
  #began = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#began >= TURN_MS;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}

/** Lets other requests have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
