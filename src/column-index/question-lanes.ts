import type { Deadline } from '../deadline.ts';
import type { StartedCall } from '../processes/running-calls.ts';
import type { Question } from '../questions/index-question.ts';
import type { ColumnIndexStatus, WaitTimesMs } from '../system-state-types.ts';
import { type IndexAnswer, LANES, type Lane, type PendingQuestion, QuestionQueue, settle } from './question-queue.ts';

/** What the lanes run questions on. */
interface Engine {
  /** Returns a function that begins a question, or undefined while none can begin. */
  ready(): ((question: Question) => StartedCall<IndexAnswer>) | undefined;
  /** Called when the SQL has to answer because of an error. */
  failed(error: unknown): void;
}

/** A question that a process works on. */
interface Running {
  readonly pending: PendingQuestion;
  readonly call: StartedCall<IndexAnswer>;
  readonly startedAt: number;
  /** True once it was interrupted to run again in the slow lane. */
  moves: boolean;
}

/**
 * After this time a question of another lane than the slow one no longer keeps others waiting. Counts and pages of 20 M
 * jobs take 3 to 60 ms, three times as long next to a question of the slow lane.
 */
const SLICE_MS = 100;

/**
 * Runs the questions to the index, one of each lane at a time. If others wait for a count or a list that takes long, it
 * moves to the slow lane: it goes on if that lane is free, and otherwise it runs there from the start.
 */
export class Lanes {
  readonly #queue: QuestionQueue;
  readonly #engine: Engine;
  readonly #running: { [Name in Lane]?: Running | undefined } = {};
  readonly #waits = { quick: new WaitTimes(), lists: new WaitTimes(), slow: new WaitTimes() };
  #moved = 0;

  constructor(limits: { queueLimit: number; callerLimit: number }, engine: Engine) {
    this.#queue = new QuestionQueue(limits);
    this.#engine = engine;
  }

  /** Rejects with queue_full, or with the reason of the deadline's signal: its question is then abandoned. */
  async ask(question: Question, deadline: Deadline): Promise<IndexAnswer> {
    const answer = this.#queue.add(question, deadline, (pending, reason) => {
      for (const lane of LANES) {
        const running = this.#running[lane];
        if (running?.pending === pending) running.call.abandon(reason);
      }
    });
    this.serve();
    return await answer;
  }

  /** Begins the next question of each free lane. */
  serve(): void {
    for (const lane of LANES) {
      const begin = this.#engine.ready();
      if (begin === undefined || this.#running[lane] !== undefined) continue;
      const pending = this.#queue.next(lane);
      if (pending !== undefined) void this.#run(lane, pending, begin(pending.question));
    }
    this.#endSlices();
  }

  /** Leaves all waiting questions to the SQL. */
  clear(): void {
    this.#queue.clear();
  }

  status(): Pick<ColumnIndexStatus, 'queued' | 'moved' | 'lanes'> {
    const of = (lane: Lane) => ({ queued: this.#queue.lengthOf(lane), waitMs: this.#waits[lane].ms });
    return {
      queued: this.#queue.length,
      moved: this.#moved,
      lanes: { quick: of('quick'), lists: of('lists'), slow: of('slow') },
    };
  }

  async #run(lane: Lane, pending: PendingQuestion, call: StartedCall<IndexAnswer>): Promise<void> {
    const startedAt = performance.now();
    this.#waits[lane].add(startedAt - pending.since);
    const running: Running = { pending, call, startedAt, moves: false };
    this.#running[lane] = running;
    const slice = lane === 'slow' ? undefined : setTimeout(() => this.#endSlices(), SLICE_MS);
    try {
      settle(pending, await call.output);
    } catch (error) {
      this.#failed(running, error);
    }
    await call.ended;
    clearTimeout(slice);
    for (const name of LANES) if (this.#running[name] === running) this.#running[name] = undefined;
    this.serve();
  }

  #failed({ pending, moves }: Running, error: unknown): void {
    if (pending.waiting.size === 0) return; // stopped: every caller has left
    if (moves) {
      this.#queue.move(pending);
      return;
    }
    this.#engine.failed(error);
    settle(pending, undefined);
  }

  /** Moves the questions that have had their time, if others wait for them. */
  #endSlices(): void {
    for (const lane of LANES) {
      const running = this.#running[lane];
      if (lane === 'slow' || running === undefined || running.moves || this.#queue.lengthOf(lane) === 0) continue;
      if (performance.now() - running.startedAt < SLICE_MS) continue;
      this.#moved += 1;
      if (this.#running.slow === undefined) {
        this.#running.slow = running;
        this.#running[lane] = undefined;
        this.serve();
      } else {
        running.moves = true;
        running.call.interrupt();
      }
    }
  }
}

/** Number of waits that are kept. */
const KEPT_WAITS = 1_000;

/** The times that the last questions have waited. */
class WaitTimes {
  readonly #lastMs: number[] = [];

  add(ms: number): void {
    this.#lastMs.push(ms);
    if (this.#lastMs.length > KEPT_WAITS) this.#lastMs.shift();
  }

  /** 0 before the first question. */
  get ms(): WaitTimesMs {
    const sorted = this.#lastMs.toSorted((a, b) => a - b);
    const at = (part: number) => Math.round((sorted[Math.ceil(sorted.length * part) - 1] ?? 0) * 10) / 10;
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
