import type { Pool } from './population.ts';

/** The part of a pool that generated jobs occupy at most. Schedulers leave some of it free, to start larger jobs. */
const MOST = 0.95;

interface Held {
  untilSec: number;
  hwthreads: number;
}

/** The hardware threads of a pool that its jobs hold. Times must not descend. */
export class Occupancy {
  readonly #capacity: number;
  /** A binary heap: the first job to end is at 0, and those after `at` are at 2 * at + 1 and 2 * at + 2. */
  readonly #held: Held[] = [];
  #busy = 0;

  constructor({ hosts, kind }: Pick<Pool, 'hosts' | 'kind'>) {
    this.#capacity = hosts.length * kind.hwthreads;
  }

  /** Returns how many jobs of this size can start. At least one can if the pool is empty. */
  roomAt(sec: number, hwthreads: number): number {
    for (let first = this.#held[0]; first !== undefined && first.untilSec <= sec; first = this.#held[0]) {
      this.#busy -= first.hwthreads;
      this.#removeFirst();
    }
    const room = Math.floor((this.#capacity * MOST - this.#busy) / hwthreads);
    return this.#busy === 0 ? Math.max(1, room) : Math.max(0, room);
  }

  hold(untilSec: number, hwthreads: number): void {
    this.#busy += hwthreads;
    const heap = this.#held;
    const added = { untilSec, hwthreads };
    let at = heap.push(added) - 1;
    for (let above = (at - 1) >> 1; at > 0; above = (at - 1) >> 1) {
      const other = heap[above];
      if (other === undefined || other.untilSec <= untilSec) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = added;
  }

  #removeFirst(): void {
    const heap = this.#held;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && right.untilSec < left.untilSec;
      const next = isRight ? right : left;
      if (next.untilSec >= last.untilSec) break;
      heap[at] = next;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}
