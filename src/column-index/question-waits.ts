import type { WaitTimesMs } from '../system-state-types.ts';

/** Number of times kept. */
const KEPT = 1_000;

/** The times that the last questions have waited. */
export class WaitTimes {
  readonly #lastMs: number[] = [];

  add(ms: number): void {
    this.#lastMs.push(ms);
    if (this.#lastMs.length > KEPT) this.#lastMs.shift();
  }

  /** 0 before the first question. */
  get ms(): WaitTimesMs {
    const sorted = this.#lastMs.toSorted((a, b) => a - b);
    const at = (part: number) => Math.round((sorted[Math.ceil(sorted.length * part) - 1] ?? 0) * 10) / 10;
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
