/** The first and the longest pause, in ms. */
export type Pauses = readonly [first: number, longest: number];

/** Before the next start of a process whose last start failed. */
export const RESTART_PAUSES_MS: Pauses = [50, 5_000];

/** The pause before the next attempt. It doubles with each failure in a row. */
export class Backoff {
  readonly #pauses: Pauses;
  #failures = 0;

  constructor(pauses: Pauses) {
    this.#pauses = pauses;
  }

  /** Counts a failure. Returns the pause that follows it, in ms. */
  failed(): number {
    const [first, longest] = this.#pauses;
    return Math.min(longest, first * 2 ** this.#failures++);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
