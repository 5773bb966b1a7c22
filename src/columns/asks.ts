import type { Deadline } from '../db/deadline.ts';
import type { ColumnQuestion } from '../db/question.ts';

/** Rows before their schema has read them; undefined: the SQL has to answer. */
export type ColumnAnswer = readonly unknown[] | undefined;

/** A question, and everybody who waits for its answer. */
export interface Ask {
  readonly question: ColumnQuestion;
  readonly waiting: Set<Waiter>;
}

interface Waiter {
  resolve(answer: ColumnAnswer): void;
}

/**
 * Questions that wait for the index, in the order they came. Who asks what another still waits for shares his answer: it begins behind
 * both, so it holds what either has written. Not that of a question which runs already.
 */
export class Asks {
  readonly #waiting = new Map<string, Ask>();

  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with the answer; rejects with the deadline's reason when its signal fires. `abandoned` is told when then nobody waits for
   * the question any more.
   */
  add(question: ColumnQuestion, { signal }: Deadline, abandoned: (ask: Ask, reason: unknown) => void) {
    const key = keyOf(question);
    const ask = this.#waiting.get(key) ?? { question, waiting: new Set() };
    this.#waiting.set(key, ask);
    return new Promise<ColumnAnswer>((resolve, reject) => {
      const waiter: Waiter = {
        resolve(answer) {
          signal.removeEventListener('abort', giveUp);
          resolve(answer);
        },
      };
      const giveUp = () => {
        ask.waiting.delete(waiter);
        reject(signal.reason);
        if (ask.waiting.size > 0) return;
        if (this.#waiting.get(key) === ask) this.#waiting.delete(key);
        abandoned(ask, signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      ask.waiting.add(waiter);
    });
  }

  /** Takes the next one out: whoever comes behind it waits for a run of his own. */
  next(): Ask | undefined {
    for (const [key, ask] of this.#waiting) {
      this.#waiting.delete(key);
      return ask;
    }
    return undefined;
  }

  /** Leaves everybody who waits to the SQL. */
  clear(): void {
    for (let ask = this.next(); ask !== undefined; ask = this.next()) settle(ask, undefined);
  }
}

export function settle({ waiting }: Ask, answer: ColumnAnswer): void {
  for (const waiter of waiting) waiter.resolve(answer);
  waiting.clear();
}

function keyOf(question: ColumnQuestion): string {
  return JSON.stringify(question, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
