import type { Deadline } from '../deadline.ts';
import { FairQueue, type Waiting } from '../fair-queue.ts';
import type { Question } from '../questions/index-question.ts';

/** An answer of the index's process (answer-json.ts), or undefined if the SQL must answer. */
export type IndexAnswer = Uint8Array | undefined;

/** Questions of different lanes do not wait for each other. */
export const LANES = ['quick', 'lists', 'slow'] as const;
export type Lane = (typeof LANES)[number];

/** The lane of each kind of question. Those of the quick lane usually take milliseconds, lists some ten of them. */
const LANE_OF: Readonly<Record<Question['kind'], Lane>> = {
  count: 'quick',
  'page ids': 'lists',
  partitions: 'quick',
  'export part': 'slow',
  'export parts': 'slow',
  statistics: 'slow',
  histograms: 'slow',
  overview: 'slow',
  'metric histograms': 'slow',
  percentiles: 'slow',
  timeline: 'slow',
  'timeline groups': 'slow',
  'timeline waits': 'slow',
  unused: 'slow',
};

/** A question, and all requests that wait for its answer. */
export interface PendingQuestion {
  readonly question: Question;
  lane: Lane;
  /** The time at which it got into the queue of its lane, of performance.now(). */
  since: number;
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
 * Questions that wait for the index, a queue for each lane. In each of them the callers take turns, and the questions
 * of one caller run in their order of arrival. A question equal to one that still waits shares its answer: that run
 * starts after both requests, so it sees what either caller has written. A running question is not shared. What
 * a caller may see is part of the question.
 */
export class QuestionQueue {
  readonly #waiting = new Set<PendingQuestion>();
  /** The waiting questions that others may join. */
  readonly #shared = new Map<string, PendingQuestion>();
  readonly #shares: Readonly<Record<Lane, FairQueue<Place>>>;

  constructor({ queueLimit, callerLimit }: { queueLimit: number; callerLimit: number }) {
    const one = { amongOthers: 1, alone: 1 };
    const shares = () => new FairQueue<Place>({ limit: queueLimit, callerLimit, atOnce: one });
    this.#shares = { quick: shares(), lists: shares(), slow: shares() };
  }

  get length(): number {
    return this.#waiting.size;
  }

  lengthOf(lane: Lane): number {
    return [...this.#waiting].filter((pending) => pending.lane === lane).length;
  }

  /**
   * Resolves with the answer. Rejects with queue_full, or with the deadline's reason when its signal fires; if no other
   * request then waits for the question, it calls `abandoned`.
   */
  async add(question: Question, deadline: Deadline, abandoned: (pending: PendingQuestion, reason: unknown) => void) {
    const { signal, caller } = deadline;
    const key = keyOf(question);
    const known = this.#shared.get(key);
    const pending = known ?? pendingOf(question);
    if (!pending.places.has(caller)) this.#place(pending, caller, known === undefined && deadline.hasBegun !== true);
    this.#shared.set(key, pending);
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
        this.#leave(pending, caller);
        if (pending.waiting.size === 0) abandoned(pending, signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      pending.waiting.add(waiter);
    });
  }

  /** Takes the next question out of a queue. An equal question that arrives later gets a run of its own. */
  next(lane: Lane): PendingQuestion | undefined {
    const pending = this.#shares[lane].next()?.pending;
    if (pending === undefined) return undefined;
    for (const place of pending.places.values()) this.#shares[lane].remove(place);
    pending.places.clear();
    this.#forget(pending);
    return pending;
  }

  /** Makes a question that was begun wait in the slow lane. It is not refused. */
  move(pending: PendingQuestion): void {
    pending.lane = 'slow';
    pending.since = performance.now();
    for (const { caller } of pending.waiting) if (!pending.places.has(caller)) this.#place(pending, caller, false);
  }

  /** Leaves all waiting questions to the SQL. */
  clear(): void {
    for (const pending of [...this.#waiting]) {
      for (const place of pending.places.values()) this.#shares[pending.lane].remove(place);
      this.#forget(pending);
      settle(pending, undefined);
    }
  }

  /** A question that is already queued costs nothing more for further callers. Throws queue_full. */
  #place(pending: PendingQuestion, caller: string, counts: boolean): void {
    const place: Place = {
      pending,
      caller,
      counts,
      refuse: (reason) => {
        for (const waiter of [...pending.waiting]) if (waiter.caller === caller) waiter.reject(reason);
        this.#leave(pending, caller);
      },
    };
    this.#shares[pending.lane].add(place);
    pending.places.set(caller, place);
    this.#waiting.add(pending);
  }

  /** Removes the place of a caller that no longer waits for the question. */
  #leave(pending: PendingQuestion, caller: string): void {
    const place = pending.places.get(caller);
    if (place === undefined || [...pending.waiting].some((waiter) => waiter.caller === caller)) return;
    this.#shares[pending.lane].remove(place);
    pending.places.delete(caller);
    if (pending.places.size === 0) this.#forget(pending);
  }

  #forget(pending: PendingQuestion): void {
    this.#waiting.delete(pending);
    const key = keyOf(pending.question);
    if (this.#shared.get(key) === pending) this.#shared.delete(key);
  }
}

function pendingOf(question: Question): PendingQuestion {
  return { question, lane: LANE_OF[question.kind], since: performance.now(), waiting: new Set(), places: new Map() };
}

export function settle({ waiting }: PendingQuestion, answer: IndexAnswer): void {
  for (const waiter of [...waiting]) waiter.resolve(answer);
}

/** Equal for questions with the same answer. Callers who see the same jobs may see different tags and users. */
function keyOf(question: Question): string {
  const { conditions, tagScopes, named } = question.jobs;
  const jobs = {
    conditions,
    ...(conditions.some(({ kind }) => kind === 'tag') ? { tagScopes } : {}),
    ...(question.kind === 'export part' ? { named } : {}),
  };
  return JSON.stringify({ ...question, jobs }, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}
