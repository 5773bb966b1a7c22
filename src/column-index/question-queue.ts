import { CallerShares, type Waiting } from '../caller-shares.ts';
import type { Deadline } from '../deadline.ts';
import type { Question } from '../questions/question.ts';

/** An answer of the index's process (answer-json.ts), or undefined if the SQL must answer. */
export type IndexAnswer = Uint8Array | undefined;

/** A question, and all requests that wait for its answer. */
export interface PendingQuestion {
  readonly question: Question;
  readonly waiting: Set<Waiter>;
  /** One place in the queue per waiting caller. The question runs when the first of these places has its turn. */
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
 * Questions that wait for the index. The callers take turns, and the questions of one caller run in their order of
 * arrival. A question equal to one that still waits shares its answer: that run starts after both requests, so it sees
 * what either caller has written. A running question is not shared. The visibility of a caller is part of the question.
 */
export class QuestionQueue {
  readonly #waiting = new Map<string, PendingQuestion>();
  readonly #shares: CallerShares<Place>;

  constructor({ queueLimit, callerLimit }: { queueLimit: number; callerLimit: number }) {
    const one = { amongOthers: 1, alone: 1 };
    this.#shares = new CallerShares({ limit: queueLimit, callerLimit, atOnce: one });
  }

  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with the answer. Rejects with queue_full, or with the deadline's reason when its signal fires; if no other
   * request then waits for the question, it calls `abandoned`.
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

  /** Takes the next question out of the queue. An equal question that arrives later gets a run of its own. */
  next(): PendingQuestion | undefined {
    const pending = this.#shares.next()?.pending;
    if (pending === undefined) return undefined;
    for (const place of pending.places.values()) this.#shares.remove(place);
    this.#waiting.delete(keyOf(pending.question));
    return pending;
  }

  /** Leaves all waiting questions to the SQL. */
  clear(): void {
    for (let pending = this.next(); pending !== undefined; pending = this.next()) settle(pending, undefined);
  }

  /** A question that is already queued costs nothing more for further callers. Throws queue_full. */
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

  /** Removes the place of a caller that no longer waits for the question. */
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
