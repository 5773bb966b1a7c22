import { Backoff, type Pauses } from '../processes/backoff.ts';

/** Why an index cannot answer: it is outdated, or it does not support the database. */
export type Failure = 'stale' | 'unsuitable';

/**
 * The first and the longest pause in ms. Retrying an unsupported database takes a whole build, and the database must be
 * repaired first.
 */
const PAUSES_MS = { stale: [500, 600_000], unsuitable: [600_000, 86_400_000] } satisfies Record<Failure, Pauses>;

/** The pause before the index is tried again. */
export class RetryPauses {
  readonly #pauses = { stale: new Backoff(PAUSES_MS.stale), unsuitable: new Backoff(PAUSES_MS.unsuitable) };
  /** A time of performance.now(). */
  #retryAt = 0;

  /** Counts a failure and returns the pause that follows it, in ms. */
  failed(failure: Failure): number {
    const pauseMs = this.#pauses[failure].failed();
    this.#retryAt = performance.now() + pauseMs;
    return pauseMs;
  }

  succeeded(failure: Failure): void {
    this.#pauses[failure].succeeded();
  }

  /** Seconds until the next try. */
  get leftSec(): number {
    return Math.max(0, Math.ceil((this.#retryAt - performance.now()) / 1000));
  }
}
