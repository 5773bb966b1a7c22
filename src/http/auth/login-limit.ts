/**
 * Consecutive failures of one user name from one address (contract/auth.md §7). Then one more attempt per `refillSec`.
 */
export const OF_PAIR = { burst: 5, refillSec: 180 };
/**
 * Failures of one address over all names: more than the typing errors of a site with one address, but too few to keep a
 * processor busy with passwords.
 */
const OF_ADDRESS = { burst: 100, refillSec: 6 };
/** The most buckets kept of each kind. 10,000 take about 2 MB. */
const MOST_BUCKETS = 10_000;
/** The most characters of a key. A user name has at most 255. */
const LONGEST_KEY = 320;

/**
 * Limits failed password logins for each pair of address and user name, and for each address over all names. One per
 * app. An attempt counts from its start, so that parallel attempts cannot bypass the limit. It is given back if it did
 * not fail.
 */
export class LoginLimit {
  readonly #pairs = new Buckets(OF_PAIR);
  readonly #addresses = new Buckets(OF_ADDRESS);

  /** Number of pairs and addresses kept. */
  get size(): number {
    return this.#pairs.size + this.#addresses.size;
  }

  /** Counts an attempt. False if it comes too soon and must not be made. */
  take(address: string, username: string, nowSec: number): boolean {
    const pair = pairOf(address, username);
    if (!this.#pairs.take(pair, nowSec)) return false; // refused, so it does not count for the address
    if (this.#addresses.take(address, nowSec)) return true;
    this.#pairs.giveBack(pair, nowSec);
    return false;
  }

  /** Gives back an attempt that succeeded or had no result. */
  giveBack(address: string, username: string, nowSec: number): void {
    this.#pairs.giveBack(pairOf(address, username), nowSec);
    this.#addresses.giveBack(address, nowSec);
  }
}

function pairOf(address: string, username: string): string {
  return JSON.stringify([address, username]).slice(0, LONGEST_KEY);
}

interface Bucket {
  left: number;
  /** Unix seconds. */
  at: number;
}

/**
 * Token buckets by key, at most MOST_BUCKETS. Beyond that, the least recently used bucket is dropped. An attacker with
 * thousands of names can gain attempts that way, but spends thousands of attempts on each.
 */
class Buckets {
  /** In order of use, the least recently used first. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #burst: number;
  readonly #refillSec: number;

  constructor({ burst, refillSec }: { burst: number; refillSec: number }) {
    this.#burst = burst;
    this.#refillSec = refillSec;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(key: string, nowSec: number): boolean {
    const left = this.#left(key, nowSec);
    this.#keep(key, left >= 1 ? left - 1 : left, nowSec);
    return left >= 1;
  }

  giveBack(key: string, nowSec: number): void {
    if (this.#buckets.has(key)) this.#keep(key, Math.min(this.#burst, this.#left(key, nowSec) + 1), nowSec);
  }

  #left(key: string, nowSec: number): number {
    const bucket = this.#buckets.get(key) ?? { left: this.#burst, at: nowSec };
    return Math.min(this.#burst, bucket.left + Math.max(0, nowSec - bucket.at) / this.#refillSec);
  }

  #keep(key: string, left: number, nowSec: number): void {
    this.#buckets.delete(key);
    if (left >= this.#burst) return; // the bucket is full
    this.#buckets.set(key, { left, at: nowSec });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_BUCKETS && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
