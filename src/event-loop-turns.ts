import type { Deadline } from './deadline.ts';

/** Time after which other requests get a turn. */
const TURN_MS = 10;

/** The time that long work may occupy the thread, which all requests share. */
export class Turn {
  readonly #turns: Turns;
  #began = performance.now();

  constructor(turns: Turns) {
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

/** Runs work in the next turn of the event loop. A timer of Node waits at least a millisecond; some runtimes have no other. */
const soon: (work: () => void) => void = globalThis.setImmediate ?? ((work) => setTimeout(work, 0));

/** The turns of the event loop that long work gets. Each turn continues one of those that wait, in their order. */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#continueOneLater();
    });
  }

  #continueOneLater(): void {
    soon(() => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#continueOneLater();
    });
  }
}

/** Lets other requests have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => soon(resolve));
}

/** A long list may occupy the thread, which all requests share, for this long. */
const SLICE_MS = 5;

/** Maps items in slices of a few milliseconds. Throws the deadline's fault. */
export async function inSlices<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => Made,
  { signal }: Pick<Deadline, 'signal'>,
): Promise<Made[]> {
  const made: Made[] = [];
  let sliceEnds = performance.now() + SLICE_MS;
  for (const item of items) {
    made.push(make(item));
    if (performance.now() < sliceEnds) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return made;
}
