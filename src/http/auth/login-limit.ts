/** Failures in a row of one user name from one address (contract/auth.md §7), then one more each REFILL. */
const OF_PAIR = { burst: 5, refillSec: 180 };
/** Of one address over all names: more than a site with one address mistypes, less than keeps a processor busy with passwords. */
const OF_ADDRESS = { burst: 100, refillSec: 6 };
/** Remembered of each kind: 10,000 take some 2 MB. */
const MOST_BUCKETS = 10_000;
/** Of a key; a user name has 255 characters at most. */
const LONGEST_KEY = 320;

/**
 * How often a login by password may fail: for each pair of address and user name, and for each address over all names. One per app. An
 * attempt counts from its start, so that many at once are no way around, and is given back when it turns out not to be a failure.
 */
export class LoginLimit {
  readonly #pairs = new Buckets(OF_PAIR);
  readonly #addresses = new Buckets(OF_ADDRESS);

  /** How many pairs and addresses are remembered. */
  get size(): number {
    return this.#pairs.size + this.#addresses.size;
  }

  /** Counts an attempt. False when it comes too soon: then it must not be made. */
  take(address: string, username: string, nowSec: number): boolean {
    const pair = pairOf(address, username);
    if (!this.#pairs.take(pair, nowSec)) return false; // costs nothing, so it does not count for the address
    if (this.#addresses.take(address, nowSec)) return true;
    this.#pairs.giveBack(pair, nowSec);
    return false;
  }

  /** Counts an attempt no longer: it succeeded, or nobody could tell. */
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
 * Token buckets by key, of which MOST_BUCKETS are kept: beyond it the one that was used longest ago is forgotten, so somebody with
 * thousands of names can win himself attempts, each of which costs him thousands.
 */
class Buckets {
  /** The one used longest ago first. */
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
    if (left >= this.#burst) return; // as good as new
    this.#buckets.set(key, { left, at: nowSec });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_BUCKETS && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
