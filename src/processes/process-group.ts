import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../faults.ts';
import { StartupError, type StartupFault } from '../startup-error.ts';
import type { Counters } from './counters.ts';
import { afterWaiting } from './late-timer.ts';
import type { AnyProcess, ManagedProcess } from './managed-process.ts';
import type { Protocol } from './protocol.ts';
import { Queue, type Turn } from './queue.ts';
import type { ReplacementPermit } from './replacement-permit.ts';

export interface ProcessGroupOptions<P extends Protocol> {
  /** Starts one more process of this group, whose changes of state come to `group.changed`. */
  start(changed: (process: ManagedProcess<P>) => void): ManagedProcess<P>;
  /** Processes at most, one more while one is replaced. */
  max: number;
  queueLimit: number;
  /** Requests of one caller, waiting and at work, while others wait. */
  callerLimit: number;
  maxIdleMs: number;
  /** The last process is retired too, and the next request starts one. Otherwise one is kept warm. */
  endsWhenIdle?: boolean;
  /** Shared with the other groups of the service. */
  replacementPermit: ReplacementPermit;
  counters: Counters;
  log(message: string, error: unknown): void;
}

/**
 * What a process may keep above its resting level, MB. Only the end of a process gives memory back to the system (measured: after
 * interrupt, shrink_memory and close 1.9 of 2.0 GB stay), so above this it is replaced. One that is at work all the time may keep what
 * the batches of a long list take (25 MB): replaced between them, two readers of such a list were followed by five others a second.
 */
export const KEPT_LIMIT_MB = { atRest: 8, atWork: 48 };
/** Without a request for this long a process is at rest. */
const REST_MS = 250;
/** Between two tries to start a process that dies at its start; doubles up to the second. */
const RESTART_MS = [50, 5_000] as const;

/**
 * Processes that do the same work: all readers, the writer (a group of one), the archive's decoder. It gives requests to
 * idle processes, starts more on demand, and replaces those that died, ran out of memory, or keep too much of it.
 */
export class ProcessGroup<P extends Protocol> {
  readonly #options: ProcessGroupOptions<P>;
  readonly #queue: Queue<P>;
  #members: ManagedProcess<P>[] = [];
  /** The member that leaves as soon as its spare serves: one at a time. */
  #leaving: { member: ManagedProcess<P>; spare: ManagedProcess<P> } | undefined;
  /** Processes told to stop that have not ended yet. */
  readonly #dismissed = new Set<ManagedProcess<P>>();
  #opened = false;
  /** What a process said that refused to start, until one does. */
  #refused: StartupError | undefined;
  /** When a spare that did not start may be tried again, an instant of performance.now(). */
  #spareAt = 0;
  /** While starts fail, only the next try after its pause starts one more. */
  #restarting = false;
  #closing = false;
  #restartMs: number = RESTART_MS[0];

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

  /** Starts the first process; without it the first request does. Throws StartupError. */
  async open(): Promise<void> {
    const first = this.#add();
    await first.ready;
  }

  /**
   * Gives an idle process to `work`, which must put it to work in the same tick; waits for one if need be, as long as the
   * signal allows. Of several processes a caller leaves one to others while there are any. Throws `queue_full`, the signal's
   * reason, or what `work` throws.
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

  /** Called every quarter of a second: replaces and retires what has to go, one at a time. */
  housekeeping(): void {
    if (this.#closing) return;
    for (const member of this.#members) member.ping();
    this.#replaceWorn();
    this.#retireIdle();
    this.#serveIdle();
  }

  /** Ends all processes: those at work have until `graceMs`, then they are killed. */
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

  #add(): ManagedProcess<P> {
    const process = this.#options.start((changed) => this.#changed(changed));
    this.#members = [...this.#members, process];
    process.ready.then(
      () => {
        this.#opened = true;
        this.#refused = undefined;
        this.#restartMs = RESTART_MS[0];
      },
      (error: unknown) => {
        // Of the first it is the start of the service that fails, which says it.
        if (!this.#opened || this.#closing) return;
        if (error instanceof StartupError) this.#refuse(error);
        this.#options.log(`a ${process.role} process did not start`, error);
      },
    );
    return process;
  }

  /** One that a caller had to leave to others, who have not come again. */
  #serveIdle(): void {
    for (const member of this.#members) if (member.state.name === 'idle' && !this.#queue.serve(member)) return;
  }

  #serves(): boolean {
    return this.#members.some(({ state }) => state.name === 'idle' || state.name === 'busy');
  }

  /** While nobody serves, whoever waits is told why instead of waiting in vain. */
  #refuse(why: StartupError): void {
    this.#refused = why;
    if (!this.#serves()) this.#queue.clear(refusedStart(why));
  }

  #changed(process: ManagedProcess<P>): void {
    if (process.state.name === 'gone') this.#lost(process);
    if (process.state.name !== 'idle') return;
    // What still has more memory than it may take would fail whatever comes next: its follower starts when it has ended.
    if (this.#closing || process.isOverLimit) {
      process.stop();
      return;
    }
    // In a tick of its own: the caller of the request that has just ended is answered first.
    setImmediate(() => {
      if (process.state.name === 'idle' && !this.#letGo(process)) this.#queue.serve(process);
    });
  }

  /** A process has ended. One that nobody stopped is followed by another at once, or when starts fail, after a while. */
  #lost(process: ManagedProcess<P>): void {
    const stopped = !this.#members.includes(process);
    this.#members = this.#members.filter((member) => member !== process);
    if (this.#leaving?.member === process) {
      this.#endLeaving(); // its spare, which is there or on its way, is its follower
      return;
    }
    if (stopped || this.#closing) return;
    process.ready.then(
      () => {
        if (!this.#closing) this.#add();
      },
      async () => {
        // The start of the service fails with it. A group that starts with its first request has one that waits.
        if (!this.#opened && this.#queue.length === 0) return;
        this.#restarting = true;
        await sleep(this.#pauseMs(), undefined, { ref: false });
        this.#restarting = false;
        if (!this.#closing && this.#members.length < this.#options.max) this.#add();
      },
    );
  }

  /** Between two starts that fail; doubles. */
  #pauseMs(): number {
    const now = this.#restartMs;
    this.#restartMs = Math.min(now * 2, RESTART_MS[1]);
    return now;
  }

  #replaceWorn(): void {
    if (performance.now() < this.#spareAt) return;
    if (this.#leaving !== undefined || this.#closing) return;
    const needsReplacement = this.#members.find(isToBeReplaced);
    if (needsReplacement !== undefined && this.#bringSpare(needsReplacement)) this.#options.counters.replacements += 1;
  }

  /** Starts the spare of a member; from its first tick of service the member leaves. False: not now. */
  #bringSpare(member: ManagedProcess<P>): boolean {
    if (!this.#options.replacementPermit.take()) return false;
    const spare = this.#add();
    this.#leaving = { member, spare };
    spare.ready.then(
      () => {
        if (member.state.name === 'idle') this.#letGo(member);
      },
      () => {
        if (this.#leaving?.spare === spare) this.#endLeaving(); // tried again after a pause
        this.#spareAt = performance.now() + this.#pauseMs();
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
      this.#replaceWorn();
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
    if (last && longest.queries === 0) return; // as fresh as its follower would be
    if (last) {
      if (!this.#bringSpare(longest)) return; // the last one is kept warm: it leaves when its follower serves
    } else {
      this.#dismiss(longest);
    }
    this.#options.counters.retirements += 1;
  }
}

function isToBeReplaced(member: AnyProcess): boolean {
  const { state } = member;
  if (state.name !== 'idle' && state.name !== 'busy') return false;
  if (member.needsReplacement) return true;
  if (state.name === 'busy') return false;
  const isAtRest = performance.now() - state.since > REST_MS;
  return member.rssMb > member.restingMb + KEPT_LIMIT_MB[isAtRest ? 'atRest' : 'atWork'];
}

/** The problem itself has paths in it: it is for the log. */
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
