import type { Deadline } from '../../deadline.ts';

/**
 * How long the answer to a BEGIN is awaited after the request has ended at its deadline. A BEGIN whose connection is
 * closed may go on waiting at the server (a proxy may keep its own connection). It then gets the lock in its turn and
 * holds it for 5 s. A BEGIN that is awaited is rolled back at once. A Worker's runtime allows 30 s.
 */
export const LINGER_MS = 30_000;
/** While this many late BEGINs wait, further writes are held back. */
const MOST_WAITING = 2;
/** After this time one write is sent although others are held back: the earlier ones may wait at a lost server. */
const BACK_OFF_MS = 5_000;
const LOOK_MS = 25;

/**
 * Holds writes back while earlier ones still wait for the lock after their deadline. Otherwise each write would join
 * the queue at the server, which could grow faster than it drains. Each process has its own gate and ignores the
 * others.
 */
export class BeginGate {
  /** The deadlines of the waiting BEGINs. An entry whose request the runtime has dropped is removed later. */
  readonly #waiting = new Set<{ untilAt: number }>();
  #nextAt = 0;

  /** Resolves when a BEGIN may be sent. Rejects with the deadline's fault; then nothing was sent. */
  async enter({ expired }: Deadline): Promise<void> {
    // Polls, because in a Worker a request must not wait for an event of another request.
    while (this.#late() >= MOST_WAITING && performance.now() < this.#nextAt) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      expired.throwIfAborted();
    }
    this.#nextAt = performance.now() + BACK_OFF_MS;
  }

  /** Awaits the result of a BEGIN that was sent. An answer shows that the server grants the lock again. */
  async watch<Begun>(begin: Promise<Begun>, { at }: Deadline): Promise<Begun> {
    const entry = { untilAt: at };
    this.#waiting.add(entry);
    try {
      const begun = await begin;
      this.#waiting.clear();
      return begun;
    } finally {
      this.#waiting.delete(entry);
    }
  }

  /** The number of BEGINs that wait after their deadline. */
  #late(): number {
    const now = performance.now();
    let late = 0;
    for (const entry of this.#waiting) {
      if (now > entry.untilAt + LINGER_MS) this.#waiting.delete(entry);
      else if (now > entry.untilAt) late++;
    }
    return late;
  }
}
