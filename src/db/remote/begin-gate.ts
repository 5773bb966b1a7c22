import type { Deadline } from '../../deadline.ts';

/**
 * How long the answer to a BEGIN is waited for after the request has ended at its deadline. A BEGIN that is hung up on may go on waiting
 * at the server (a proxy may keep its own connection), gets the lock when its turn comes and holds it for 5 s; one that is waited for is
 * rolled back at once. A Worker's runtime allows 30 s.
 */
export const LINGER_MS = 30_000;
/** So many of them may wait before further writes hold back. */
const MOST_WAITING = 2;
/** While they hold back, one goes all the same after so long: those that wait may wait at a server that is gone. */
const BACK_OFF_MS = 5_000;
const LOOK_MS = 25;

/**
 * Holds writes back while earlier ones, whose time was up, still wait for the lock: each would join the queue at the server, which could
 * grow faster than it drains. It knows nothing of other processes: each does the same.
 */
export class BeginGate {
  /** By the instants of their deadlines: an entry whose request the runtime has dropped goes with time. */
  readonly #waiting = new Set<{ untilAt: number }>();
  #nextAt = 0;

  /** Resolves when a BEGIN may be sent. Rejects with the deadline's fault: then nothing was sent. */
  async enter({ expired }: Deadline): Promise<void> {
    // By looking, not by an event: a Worker lets no request wait for what another one does.
    while (this.#late() >= MOST_WAITING && performance.now() < this.#nextAt) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      expired.throwIfAborted();
    }
    this.#nextAt = performance.now() + BACK_OFF_MS;
  }

  /** The result of a BEGIN that was sent. One that was answered shows that the lock moves on. */
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

  /** How many wait beyond their time. */
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
