import { compare } from 'bcryptjs';
import type { Deadline } from '../db/deadline.ts';
import { Fault } from '../faults.ts';

/** Logins that wait for one another. */
const MOST_WAITING = 16;
/** Of a text that nobody knows: whoever asks for an account that is not there waits as long as for one that is. */
const NOBODY = '$2a$10$vntPA5TbIFr.GoX/8xq8Qe4jTNcFHI1SSXFwUyhGkRe5yUcHOYz6C';

/**
 * Compares passwords with their hashes, one after the other: each takes 90 ms of the only thread, and a hundred at once would keep
 * every other request waiting. One per app.
 */
export class Passwords {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Whether a password belongs to a bcrypt hash; null is that of an account that has none. Throws queue_full. */
  async match(password: string, hash: string | null, { signal }: Deadline): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) throw new Fault('queue_full', 'too many people are logging in: try again');
    this.#waiting += 1;
    const before = this.#last;
    const own = before.then(async () => {
      signal.throwIfAborted(); // nobody waits for this one any more
      return (await compare(password, hash ?? NOBODY)) && hash !== null;
    });
    this.#last = own.catch(() => {});
    try {
      return await own;
    } finally {
      this.#waiting -= 1;
    }
  }
}
