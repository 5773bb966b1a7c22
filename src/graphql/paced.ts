/**
 * Values of a list that the executor completes at a stretch, by a high estimate: each item has all fields of the
 * operation. A list of 200 jobs on a page has that many.
 */
export const VALUES_WITHOUT_PAUSE = 10_000;
/** Time after which other requests get a turn. */
const TURN_MS = 10;

/**
 * The items, with pauses between them: the executor would complete a long list at a stretch. `turns` are those of the
 * request, so that lists under several aliases are not completed in the same turn.
 */
export async function* withPauses<Item>(items: Iterable<Item>, turns: Turns): AsyncGenerator<Item, void, void> {
  const turn = new Turn(turns);
  await turn.next();
  for (const item of items) {
    yield item;
    if (turn.isOver) await turn.next();
  }
}

/** The time that long work may occupy the thread, which all requests share. */
export class Turn {
  readonly #turns: Turns;
  #began = performance.now();

  constructor(turns = new Turns()) {
    this.#turns = turns;
  }

  get isOver(): boolean {
    return performance.now() - this.#began >= TURN_MS;
  }

  async next(): Promise<void> {
    await this.#turns.next();
    this.#began = performance.now();
  }
}

/**
 * The turns of the event loop that the work of one request gets. Timers that are due together run in the same turn, so
 * each turn continues one of those who wait, in their order.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#continueOneLater();
    });
  }

  #continueOneLater(): void {
    setTimeout(() => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#continueOneLater();
    }, 0);
  }
}

/** Lets other requests have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
