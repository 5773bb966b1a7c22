import { Fault } from '../faults.ts';
import type { DatabaseProcess } from './process.ts';

interface Waiting {
  start(process: DatabaseProcess): void;
  /** Ends the wait with a reason. */
  refuse(reason: unknown): void;
}

/** Requests that wait for a process: bounded, first come first served. One that ends waiting never touches the database. */
export class Queue {
  readonly #limit: number;
  #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get full(): boolean {
    return this.#waiting.length >= this.#limit;
  }

  /** Waits for a process; `work` is called with it in the same tick. Rejects with the signal's reason. */
  add<Result>(signal: AbortSignal, work: (process: DatabaseProcess) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const drop = () => {
        this.#waiting = this.#waiting.filter((other) => other !== own);
        reject(signal.reason);
      };
      const own: Waiting = {
        start(process) {
          signal.removeEventListener('abort', drop);
          work(process).then(resolve, reject);
        },
        refuse(reason) {
          signal.removeEventListener('abort', drop);
          reject(reason);
        },
      };
      signal.addEventListener('abort', drop, { once: true });
      this.#waiting.push(own);
    });
  }

  /** Gives the process to the first that waits. False when nobody does. */
  serve(process: DatabaseProcess): boolean {
    const first = this.#waiting.shift();
    first?.start(process);
    return first !== undefined;
  }

  /** Refuses all that wait: the service ends. */
  clear(reason: Fault): void {
    const left = this.#waiting;
    this.#waiting = [];
    for (const waiting of left) waiting.refuse(reason);
  }
}

export function queueFull(): Fault {
  return new Fault('queue_full', 'too many requests wait for the database: try again');
}
