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

async function* withPauses<Item>(items: readonly Item[]): AsyncGenerator<Item, void, void> {
  let turnBegan = performance.now();
  for (const item of items) {
    yield item;
    if (performance.now() - turnBegan < TURN_MS) continue;
    await nextTurn();
    turnBegan = performance.now();
  }
}

/** Lets other requests have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
