import { FairQueue, type ShareLimits, type Turn, type WaitingFor, waitForTurn } from '../fair-queue.ts';
import type { Fault } from '../faults.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { Protocol } from './protocol.ts';

/**
 * Requests that wait for a process. The queue is bounded and shared fairly among callers. A request that ends while it
 * waits never touches the database.
 */
export class Queue<P extends Protocol> {
  readonly #shares: FairQueue<WaitingFor<ManagedProcess<P>>>;

  constructor(limits: ShareLimits) {
    this.#shares = new FairQueue(limits);
  }

  get length(): number {
    return this.#shares.length;
  }

  /** True if a new request of this caller may start before all waiting requests. */
  mayPass({ caller }: Turn): boolean {
    this.#shares.asked(caller);
    return this.#shares.mayBegin(caller) && !this.#shares.anyMayBegin;
  }

  /** Passes the process to `work` in the same tick. */
  run<Result>({ caller }: Turn, process: ManagedProcess<P>, work: (process: ManagedProcess<P>) => Promise<Result>) {
    return this.#shares.run(caller, () => work(process));
  }

  /** Waits for a process and passes it to `work` in the same tick. Rejects with queue_full or the signal's reason. */
  add<Result>(turn: Turn, work: (process: ManagedProcess<P>) => Promise<Result>): Promise<Result> {
    return waitForTurn(this.#shares, turn, (process) => this.run(turn, process, work));
  }

  /** Gives the process to the next waiting request. Returns false if none may start. */
  serve(process: ManagedProcess<P>): boolean {
    const next = this.#shares.next();
    next?.start(process);
    return next !== undefined;
  }

  /** Rejects all waiting requests because the service ends. */
  clear(reason: Fault): void {
    for (const waiting of this.#shares.clear()) waiting.refuse(reason);
  }
}
