import type { Deadline } from '../deadline.ts';
import { Shares, type Waiting } from '../processes/shares.ts';
import type { Question } from '../questions/question.ts';

/** Rows before their schema has read them; undefined: the SQL has to answer. */
export type IndexAnswer = readonly unknown[] | undefined;

/** A question, and everybody who waits for its answer. */
export interface PendingQuestion {
  readonly question: Question;
  readonly waiting: Set<Waiter>;
  /** A place in the queue for each caller that waits for it: it is run at the first of their turns. */
  readonly places: Map<string, Place>;
}

interface Waiter {
  readonly caller: string;
  resolve(answer: IndexAnswer): void;
  reject(reason: unknown): void;
}

interface Place extends Waiting {
  readonly pending: PendingQuestion;
}

/**
 * Questions that wait for the index: the callers in turn, each with his own in the order they came. Who asks what another still waits for
 * shares his answer: it begins behind both, so it holds what either has written. Not that of a question which runs already. Only equal
 * questions are shared, and what a caller may see is a part of the question.
 */
export class QuestionQueue {
  readonly #waiting = new Map<string, PendingQuestion>();
  readonly #shares: Shares<Place>;

  constructor({ queueLimit, callerLimit }: { queueLimit: number; callerLimit: number }) {
    const one = { amongOthers: 1, alone: 1 };
    this.#shares = new Shares({ limit: queueLimit, callerLimit, atOnce: one });
  }

  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with the answer; rejects with queue_full, or with the deadline's reason when its signal fires. `abandoned` is told when then
   * nobody waits for the question any more.
   */
  async add(question: Question, deadline: Deadline, abandoned: (pending: PendingQuestion, reason: unknown) => void) {
    const { signal, caller } = deadline;
    const key = keyOf(question);
    const known = this.#waiting.get(key);
    const pending: PendingQuestion = known ?? { question, waiting: new Set(), places: new Map() };
    if (!pending.places.has(caller))
      this.#place(pending, key, caller, known === undefined && deadline.hasBegun !== true);
    return await new Promise<IndexAnswer>((resolve, reject) => {
      const end = () => {
        signal.removeEventListener('abort', giveUp);
        pending.waiting.delete(waiter);
      };
      const waiter: Waiter = {
        caller,
        resolve(answer) {
          end();
          resolve(answer);
        },
        reject(reason) {
          end();
          reject(reason);
        },
      };
      const giveUp = () => {
        waiter.reject(signal.reason);
        this.#leave(pending, key, caller);
        if (pending.waiting.size === 0) abandoned(pending, signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      pending.waiting.add(waiter);
    });
  }

  /** Takes the next one out: whoever comes behind it waits for a run of his own. */
  next(): PendingQuestion | undefined {
    const pending = this.#shares.next()?.pending;
    if (pending === undefined) return undefined;
    for (const place of pending.places.values()) this.#shares.remove(place);
    this.#waiting.delete(keyOf(pending.question));
    return pending;
  }

  /** Leaves everybody who waits to the SQL. */
  clear(): void {
    for (let pending = this.next(); pending !== undefined; pending = this.next()) settle(pending, undefined);
  }

  /** A question that is waited for already costs nothing more, whoever else waits for it. Throws queue_full. */
  #place(pending: PendingQuestion, key: string, caller: string, counts: boolean): void {
    const place: Place = {
      pending,
      caller,
      counts,
      refuse: (reason) => {
        for (const waiter of [...pending.waiting]) if (waiter.caller === caller) waiter.reject(reason);
        this.#leave(pending, key, caller);
      },
    };
    this.#shares.add(place);
    pending.places.set(caller, place);
    this.#waiting.set(key, pending);
  }

  /** Gives up the place of a caller who waits for the question no more. */
  #leave(pending: PendingQuestion, key: string, caller: string): void {
    const place = pending.places.get(caller);
    if (place === undefined || [...pending.waiting].some((waiter) => waiter.caller === caller)) return;
    this.#shares.remove(place);
    pending.places.delete(caller);
    if (pending.places.size === 0 && this.#waiting.get(key) === pending) this.#waiting.delete(key);
  }
}

export function settle({ waiting }: PendingQuestion, answer: IndexAnswer): void {
  for (const waiter of [...waiting]) waiter.resolve(answer);
}

function keyOf(question: Question): string {
  return JSON.stringify(question, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
