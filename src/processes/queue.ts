import type { Deadline } from '../deadline.ts';
import type { Fault } from '../faults.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { Protocol } from './protocol.ts';
import { type ShareLimits, Shares, type Waiting } from './shares.ts';

/** Who asks for a process, and how long. */
export type Turn = Pick<Deadline, 'signal' | 'caller' | 'hasBegun'>;

interface WaitingForProcess<P extends Protocol> extends Waiting {
  start(process: ManagedProcess<P>): void;
}

/** Requests that wait for a process: bounded, shared fairly among callers. One that ends waiting never touches the database. */
export class Queue<P extends Protocol> {
  readonly #shares: Shares<WaitingForProcess<P>>;

  constructor(limits: ShareLimits) {
    this.#shares = new Shares(limits);
  }

  get length(): number {
    return this.#shares.length;
  }

  /** Whether a request that comes now goes before all that wait. */
  mayPass({ caller }: Turn): boolean {
    this.#shares.asked(caller);
    return this.#shares.mayBegin(caller) && !this.#shares.anyMayBegin;
  }

  /** Gives the process to `work` in the same tick. */
  run<Result>({ caller }: Turn, process: ManagedProcess<P>, work: (process: ManagedProcess<P>) => Promise<Result>) {
    return this.#shares.run(caller, () => work(process));
  }

  /** Waits for a process; `work` is called with it in the same tick. Rejects with queue_full or the signal's reason. */
  add<Result>(turn: Turn, work: (process: ManagedProcess<P>) => Promise<Result>): Promise<Result> {
    const { signal, caller, hasBegun } = turn;
    return new Promise((resolve, reject) => {
      const drop = () => {
        this.#shares.remove(own);
        reject(signal.reason);
      };
      const own: WaitingForProcess<P> = {
        caller,
        counts: hasBegun !== true,
        start: (process) => {
          signal.removeEventListener('abort', drop);
          this.run(turn, process, work).then(resolve, reject);
        },
        refuse(reason) {
          signal.removeEventListener('abort', drop);
          reject(reason);
        },
      };
      this.#shares.add(own); // what it throws rejects
      signal.addEventListener('abort', drop, { once: true });
    });
  }

  /** Gives the process to the next that waits. False when none may begin. */
  serve(process: ManagedProcess<P>): boolean {
    const next = this.#shares.next();
    next?.start(process);
    return next !== undefined;
  }

  /** Refuses all that wait: the service ends. */
  clear(reason: Fault): void {
    for (const waiting of this.#shares.clear()) waiting.refuse(reason);
  }
}
