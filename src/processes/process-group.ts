import { setTimeout as sleep } from 'node:timers/promises';
import type { Turn } from '../fair-queue.ts';
import { Fault } from '../faults.ts';
import { StartupError, type StartupFault } from '../startup-error.ts';
import { Backoff, RESTART_PAUSES_MS } from './backoff.ts';
import type { Counters } from './counters.ts';
import { afterWaiting } from './late-timer.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { Protocol } from './protocol.ts';
import { Queue } from './queue.ts';
import type { ReplacementPermit } from './replacement-permit.ts';
import { isToBeReplaced } from './when-to-replace.ts';

export interface ProcessGroupOptions<P extends Protocol> {
  /** Starts one more process of this group. Its state changes are reported to `changed`. */
  start(changed: (process: ManagedProcess<P>) => void): ManagedProcess<P>;
  /** Maximum number of processes. There is one more during a replacement. */
  max: number;
  queueLimit: number;
  /** Maximum number of requests of one caller, waiting and running, while others wait. */
  callerLimit: number;
  maxIdleMs: number;
  /** If true, the last process is retired too, and the next request starts one. Otherwise one is kept. */
  endsWhenIdle?: boolean;
  /** Shared with the other groups of the service. */
  replacementPermit: ReplacementPermit;
  counters: Counters;
  log(message: string, error: unknown): void;
}

/**
 * Processes that do the same work: all readers, the writer (a group of one), or the archive's decoder. The group gives
 * requests to idle processes, starts more processes on demand, and replaces those that died, ran out of memory, or keep
 * too much of it.
 */
export class ProcessGroup<P extends Protocol> {
  readonly #options: ProcessGroupOptions<P>;
  readonly #queue: Queue<P>;
  #members: ManagedProcess<P>[] = [];
  /** The member that leaves as soon as its spare serves. Only one member leaves at a time. */
  #leaving: { member: ManagedProcess<P>; spare: ManagedProcess<P> } | undefined;
  /** Processes that were asked to stop and have not ended yet. */
  readonly #dismissed = new Set<ManagedProcess<P>>();
  #opened = false;
  /** The error of a process that refused to start. Cleared when a process starts. */
  #refused: StartupError | undefined;
  /** When a spare that did not start may be tried again: an instant of performance.now(). */
  #spareAt = 0;
  /** True while starts fail. Then one process is started after each pause, and requests start none. */
  #restarting = false;
  #closing = false;
  readonly #restarts = new Backoff(RESTART_PAUSES_MS);

  constructor(options: ProcessGroupOptions<P>) {
    this.#options = options;
    const { max, queueLimit, callerLimit } = options;
    const atOnce = { amongOthers: Math.max(1, max - 1), alone: max };
    this.#queue = new Queue({ limit: queueLimit, callerLimit, atOnce });
  }

  get members(): readonly ManagedProcess<P>[] {
    return this.#members;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Starts the first process. Without this call, the first request starts it. Throws StartupError. */
  async open(): Promise<void> {
    const first = this.#add();
    await first.ready;
  }

  /**
   * Passes an idle process to `work`, which must give it a call in the same tick. Waits for an idle process until the
   * signal fires. If there are several processes, a caller leaves one to other callers while there are any. Throws
   * `queue_full`, the signal's reason, or the error of `work`.
   */
  async use<Result>(turn: Turn, work: (process: ManagedProcess<P>) => Promise<Result>): Promise<Result> {
    turn.signal.throwIfAborted();
    if (this.#closing) throw shuttingDown();
    const mayPass = this.#queue.mayPass(turn);
    const idle = this.#members.findLast((member) => member.state.name === 'idle');
    if (idle !== undefined && mayPass) return await this.#queue.run(turn, idle, work);
    if (this.#refused !== undefined && !this.#serves()) throw refusedStart(this.#refused);
    const served = this.#queue.add(turn, work);
    if (this.#members.length < this.#options.max && !this.#restarting) this.#add();
    try {
      return await served;
    } catch (error) {
      if (error instanceof Fault && error.code === 'queue_full') this.#options.counters.queueFull += 1;
      throw error;
    }
  }

  /** Called every 250 ms. Replaces and retires processes, one at a time. */
  housekeeping(): void {
    if (this.#closing) return;
    for (const member of this.#members) member.ping();
    this.#replaceNext();
    this.#retireIdle();
    this.#serveIdle();
  }

  /** Ends all processes. Busy ones have `graceMs` to finish and are killed after that. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#queue.clear(shuttingDown());
    const all = [...this.#members, ...this.#dismissed];
    const clearForce = afterWaiting(graceMs, () => {
      for (const member of all) member.kill('it was still busy when the service ended');
    });
    for (const member of all) if (member.state.name !== 'busy') member.stop();
    await Promise.all(all.map((member) => member.gone));
    clearForce();
  }

  /** Starts a process at the end of the members, or before the one that it will replace. */
  #add(replaced?: ManagedProcess<P>): ManagedProcess<P> {
    const process = this.#options.start((changed) => this.#changed(changed));
    const at = replaced === undefined ? this.#members.length : this.#members.indexOf(replaced);
    this.#members = this.#members.toSpliced(at, 0, process);
    process.ready.then(
      () => {
        this.#opened = true;
        this.#refused = undefined;
        this.#restarts.succeeded();
      },
      (error: unknown) => {
        // If the first process fails, the start of the service fails and reports the error.
        if (!this.#opened || this.#closing) return;
        if (error instanceof StartupError) this.#refuse(error);
        this.#options.log(`a ${process.role} process did not start`, error);
      },
    );
    return process;
  }

  /** Serves requests that had to leave a process to other callers who have sent no more requests. */
  #serveIdle(): void {
    for (const member of this.#members) if (member.state.name === 'idle' && !this.#queue.serve(member)) return;
  }

  #serves(): boolean {
    return this.#members.some(({ state }) => state.name === 'idle' || state.name === 'busy');
  }

  /** While no process serves, waiting requests fail with the reason at once. */
  #refuse(why: StartupError): void {
    this.#refused = why;
    if (!this.#serves()) this.#queue.clear(refusedStart(why));
  }

  #changed(process: ManagedProcess<P>): void {
    if (process.state.name === 'gone') this.#lost(process);
    if (process.state.name !== 'idle') return;
    // A process over its memory limit would fail its next call too. Its successor starts when it has ended.
    if (this.#closing || process.isOverLimit) {
      process.stop();
      return;
    }
    // Deferred, so that the caller of the request that has just ended is answered first.
    setImmediate(() => {
      if (process.state.name === 'idle' && !this.#letGo(process)) this.#queue.serve(process);
    });
  }

  /** Handles the end of a process. An unexpected one gets a successor at once, or after a pause if starts fail. */
  #lost(process: ManagedProcess<P>): void {
    const stopped = !this.#members.includes(process);
    this.#members = this.#members.filter((member) => member !== process);
    if (this.#leaving?.member === process) {
      this.#endLeaving(); // its spare, which serves or is starting, is its successor
      return;
    }
    if (stopped || this.#closing) return;
    process.ready.then(
      () => {
        if (!this.#closing) this.#add();
      },
      async () => {
        // The start of the service fails with it. In a group that its first request starts, that request is waiting.
        if (!this.#opened && this.#queue.length === 0) return;
        this.#restarting = true;
        await sleep(this.#restarts.failed(), undefined, { ref: false });
        this.#restarting = false;
        if (!this.#closing && this.#members.length < this.#options.max) this.#add();
      },
    );
  }

  #replaceNext(): void {
    if (performance.now() < this.#spareAt) return;
    if (this.#leaving !== undefined || this.#closing) return;
    const needsReplacement = this.#members.find(isToBeReplaced);
    if (needsReplacement !== undefined && this.#bringSpare(needsReplacement)) this.#options.counters.replacements += 1;
  }

  /**
   * Starts a spare for a member. The member leaves when the spare serves. Returns false if this is impossible now. The
   * spare takes its place, because the last idle member is used first: at the end it would send another one to rest with
   * what it keeps, which would be replaced next, and so on (two replacements a second during a list of 20 million jobs).
   */
  #bringSpare(member: ManagedProcess<P>): boolean {
    if (!this.#options.replacementPermit.take()) return false;
    const spare = this.#add(member);
    this.#leaving = { member, spare };
    spare.ready.then(
      () => {
        if (member.state.name === 'idle') this.#letGo(member);
      },
      () => {
        if (this.#leaving?.spare === spare) this.#endLeaving(); // tried again after a pause
        this.#spareAt = performance.now() + this.#restarts.failed();
      },
    );
    return true;
  }

  #endLeaving(): void {
    this.#leaving = undefined;
    this.#options.replacementPermit.free();
  }

  /** Stops an idle member that has to leave, if its spare serves. */
  #letGo(member: ManagedProcess<P>): boolean {
    if (this.#leaving?.member !== member || this.#leaving.spare.state.name === 'starting') return false;
    this.#leaving = undefined;
    void member.gone.then(() => {
      this.#options.replacementPermit.free();
      this.#replaceNext();
    });
    this.#dismiss(member);
    return true;
  }

  #dismiss(member: ManagedProcess<P>): void {
    this.#members = this.#members.filter((other) => other !== member);
    this.#dismissed.add(member);
    void member.gone.then(() => this.#dismissed.delete(member));
    member.stop();
  }

  #retireIdle(): void {
    const idle = this.#members.filter(
      ({ state }) => state.name === 'idle' && performance.now() - state.since > this.#options.maxIdleMs,
    );
    const [longest] = idle;
    if (longest === undefined || this.#leaving !== undefined) return;
    const last = this.#members.length === 1 && this.#options.endsWhenIdle !== true;
    if (last && longest.queries === 0) return; // a successor would be no fresher
    if (last) {
      if (!this.#bringSpare(longest)) return; // one process is always kept: this one leaves when its successor serves
    } else {
      this.#dismiss(longest);
    }
    this.#options.counters.retirements += 1;
  }
}

/** The error itself contains paths, so it goes to the log only. */
function refusedStart(why: StartupError): Fault {
  return new Fault(why.fault, REFUSED[why.fault], { cause: why });
}

const REFUSED: Readonly<Record<StartupFault, string>> = {
  read_only: 'the database is not writable',
  disk_full: 'no space is left for the database or its temporary files',
  database_damaged: 'the database file is damaged',
  database_busy: 'another program has locked the database',
  connection_lost: 'no database process can be started: see the log',
};

function shuttingDown(): Fault {
  return new Fault('queue_full', 'the service is shutting down');
}
