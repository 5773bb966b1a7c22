/** Attempts in a row (contract/auth.md §7). */
const BURST = 5;
/** Then one more each time. */
const REFILL_SEC = 180;
/** Pairs of an address and a user name that are remembered: 10,000 take some 2 MB. */
const MOST_PAIRS = 10_000;
/** Of a key; a user name has 255 characters at most. */
const LONGEST_KEY = 320;

interface Bucket {
  left: number;
  /** Unix seconds. */
  at: number;
}

/**
 * How often one may try to log in, for each pair of address and user name; one per app. Bounded: beyond MOST_PAIRS the pair that has
 * waited longest is forgotten, so somebody with thousands of names can win himself attempts, each of which costs him thousands.
 */
export class LoginLimit {
  /** The one that tried longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  get pairs(): number {
    return this.#buckets.size;
  }

  /** Counts an attempt, also one that succeeds. False when it comes too soon. */
  take(address: string, username: string, nowSec: number): boolean {
    const key = JSON.stringify([address, username]).slice(0, LONGEST_KEY);
    const bucket = this.#buckets.get(key) ?? { left: BURST, at: nowSec };
    const left = Math.min(BURST, bucket.left + Math.max(0, nowSec - bucket.at) / REFILL_SEC);
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left >= 1 ? left - 1 : left, at: nowSec });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_PAIRS && oldest !== undefined) this.#buckets.delete(oldest);
    return left >= 1;
  }
}
