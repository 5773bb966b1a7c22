/** How long a server that does not answer is left alone. Doubled at each further failure, up to LONGEST_WAIT_MS. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Whether a server answers. After a failure nothing is asked for a while, and then one question finds out whether it
 * answers again: a dead server costs one request a wait, and the others none. Times are those of `performance.now()`.
 */
export class Availability {
  #reason: string | undefined;
  #failures = 0;
  #againAt = 0;
  #isTried = false;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Why the server is left alone. Undefined while it answers. */
  get reason(): string | undefined {
    return this.#reason;
  }

  retryInMs(now: number): number {
    return Math.max(0, this.#againAt - now);
  }

  /** True if the server may be asked. One of `answered`, `failed` and `gaveUp` must follow. */
  begin(now: number): boolean {
    if (this.#reason === undefined) return true;
    if (this.#isTried || now < this.#againAt) return false;
    this.#isTried = true;
    return true;
  }

  answered(now: number): void {
    this.#answeredAt = now;
    this.#reason = undefined;
    this.#failures = 0;
    this.#isTried = false;
  }

  /**
   * Reports that a question begun at `beganAt` got no answer. Returns true if the server is left alone from now on. A
   * single slow question says nothing while the server answers others, and the failures of questions that were asked
   * together count once.
   */
  failed(reason: string, { beganAt, now }: { beganAt: number; now: number }): boolean {
    const isNew = this.#reason === undefined;
    if (this.#answeredAt >= beganAt || !(isNew || this.#isTried)) return false;
    this.#isTried = false;
    this.#reason = reason;
    this.#againAt = now + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    return isNew;
  }

  /** Reports that the question was given up before it could get an answer. */
  gaveUp(): void {
    this.#isTried = false;
  }
}
