import { compare } from 'bcryptjs';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';

/** Returns true if a password matches a bcrypt hash. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

/** The most logins that wait. The last one waits for about 6 seconds. */
const MOST_WAITING = 64;
/** The most waiting logins of one address. */
const MOST_OF_ADDRESS = 16;
/**
 * The hash of an unknown text. With it, a login to an account that does not exist takes as long as one to an existing
 * account.
 */
const NOBODY = '$2a$10$vntPA5TbIFr.GoX/8xq8Qe4jTNcFHI1SSXFwUyhGkRe5yUcHOYz6C';

interface Attempt {
  password: string;
  /** Null for an account without a password. */
  hash: string | null;
  /** The address of the client as limits count it. */
  address: string;
}

/**
 * Compares passwords with their hashes, one at a time, since each comparison takes 90 ms of a processor. Addresses take
 * turns, so that many attempts from one address do not delay the others. One per service. `compareWith` chooses the thread.
 */
export class Passwords {
  readonly #compareWith: ComparePassword;
  /** Waiting logins by address. The first address has the next turn. */
  readonly #waiting = new Map<string, Set<() => Promise<void>>>();
  #waitingCount = 0;
  #isComparing = false;

  constructor(compareWith: ComparePassword = compare) {
    this.#compareWith = compareWith;
  }

  /** Returns true if a password matches a hash. Throws queue_full, or the deadline's reason. */
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
      if (this.#waiting.delete(address)) this.#waiting.set(address, ofAddress); // other addresses go first
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
