/** Why an index cannot answer: it is outdated, or it does not support the database. */
export type Failure = 'stale' | 'unsuitable';

/**
 * The first and the longest pause in ms. Retrying an unsupported database takes a whole build, and the database must be
 * repaired first.
 */
const PAUSES_MS = { stale: [500, 600_000], unsuitable: [600_000, 86_400_000] } as const;

/** The pause before the index is tried again. It doubles with each consecutive failure. */
export class RetryPauses {
  readonly #inARow: Record<Failure, number> = { stale: 0, unsuitable: 0 };
  /** A time of performance.now(). */
  #retryAt = 0;

  /** Counts a failure and returns the pause that follows it, in ms. */
  failed(failure: Failure): number {
    const [first, longest] = PAUSES_MS[failure];
    const pauseMs = Math.min(longest, first * 2 ** this.#inARow[failure]);
    this.#inARow[failure] += 1;
    this.#retryAt = performance.now() + pauseMs;
    return pauseMs;
  }

  succeeded(failure: Failure): void {
    this.#inARow[failure] = 0;
  }

  /** Seconds until the next try. */
  get leftSec(): number {
    return Math.max(0, Math.ceil((this.#retryAt - performance.now()) / 1000));
  }
}
