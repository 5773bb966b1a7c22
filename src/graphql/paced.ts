/** The executor completes this many items of a list without a pause. */
const WITHOUT_PAUSE = 200;
/** Time after which other requests get a turn. */
const TURN_MS = 10;

/**
 * Returns a list for the executor. It would complete a long one at a stretch, and no other request would get a turn. So
 * a long one becomes a series that pauses.
 */
export function paced<Item>(items: readonly Item[]): readonly Item[] | AsyncIterable<Item> {
  return items.length <= WITHOUT_PAUSE ? items : withPauses(items);
}

/** Returns a list, whose items may be large, as a series that pauses. */
export async function* withPauses<Item>(items: readonly Item[]): AsyncGenerator<Item, void, void> {
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
