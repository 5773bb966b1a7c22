import { compare } from 'bcryptjs';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';

/** Whether a password belongs to a bcrypt hash. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

/** Logins that wait for one another: the last of them for some 6 seconds. */
const MOST_WAITING = 64;
/** Of one address. */
const MOST_OF_ADDRESS = 16;
/** Of a text that nobody knows: a login for an account that does not exist takes as long as for one that does. */
const NOBODY = '$2a$10$vntPA5TbIFr.GoX/8xq8Qe4jTNcFHI1SSXFwUyhGkRe5yUcHOYz6C';

interface Attempt {
  password: string;
  /** null is that of an account that has none. */
  hash: string | null;
  /** Of the client, as limits count it. */
  address: string;
}

/**
 * Compares passwords with their hashes, one after the other, since each takes 90 ms of a processor. Addresses take turns, so that many
 * attempts of one do not hold up the others. One per app. `compareWith` decides on which thread.
 */
export class Passwords {
  readonly #compareWith: ComparePassword;
  /** What waits, by address; the address whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<() => Promise<void>>>();
  #waitingCount = 0;
  #isComparing = false;

  constructor(compareWith: ComparePassword = compare) {
    this.#compareWith = compareWith;
  }

  /** Whether a password belongs to a hash. Throws queue_full, and at the deadline its reason. */
  async match({ password, hash, address }: Attempt, { signal }: Deadline): Promise<boolean> {
    signal.throwIfAborted();
    const ofAddress = this.#waiting.get(address) ?? new Set();
    if (this.#waitingCount >= MOST_WAITING || ofAddress.size >= MOST_OF_ADDRESS) {
      throw new Fault('queue_full', 'too many logins at the same time: try again');
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const run = () => this.#compareWith(password, hash ?? NOBODY).then(resolve, reject);
    const giveUp = () => {
      this.#remove(address, run);
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.set(address, ofAddress.add(run));
    this.#waitingCount += 1;
    void this.#compareWaiting();
    try {
      return (await promise) && hash !== null;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #compareWaiting(): Promise<void> {
    if (this.#isComparing) return;
    this.#isComparing = true;
    for (;;) {
      const [next] = this.#waiting;
      const [run] = next?.[1] ?? [];
      if (next === undefined || run === undefined) break;
      const [address, ofAddress] = next;
      this.#remove(address, run);
      if (this.#waiting.delete(address)) this.#waiting.set(address, ofAddress); // the others first
      await run();
    }
    this.#isComparing = false;
  }

  #remove(address: string, run: () => Promise<void>): void {
    const ofAddress = this.#waiting.get(address);
    if (ofAddress?.delete(run) !== true) return;
    this.#waitingCount -= 1;
    if (ofAddress.size === 0) this.#waiting.delete(address);
  }
}
