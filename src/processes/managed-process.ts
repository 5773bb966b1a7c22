import type { ChildProcess } from 'node:child_process';
import { Fault } from '../faults.ts';
import { StartupError } from '../startup-error.ts';
import type { ProcessStatus } from '../system-state-types.ts';
import type { Counters } from './counters.ts';
import { afterWaiting } from './late-timer.ts';
import { setPriorityOf } from './priority.ts';
import { NEXT, type State } from './process-state.ts';
import type { CallName, FromProcess, InputOf, Opened, OutputOf, Protocol, ToProcess } from './protocol.ts';
import { ResidentMemory } from './rss.ts';
import { type CallEvents, type StartedCall, Tasks } from './running-calls.ts';
import { type Program, startProgram } from './spawn.ts';
import { UnansweredPings } from './unanswered-pings.ts';

/** Time from the request to stop to the end of the process. A connection closes within a few ms. */
const STOP_GRACE_MS = 1_000;
/** Characters of standard error kept per process. */
const LAST_WORDS = 2_000;
/** A start takes 70-160 ms (measured), but seconds on a machine that swaps, or at low priority on a busy one. */
const START_LIMIT_MS = 30_000;

export interface ProcessOptions<P extends Protocol> {
  role: ProcessStatus['role'];
  program: Program;
  /** The options with which the program opens. */
  open: P['options'];
  /** Maximum number of calls at the same time. The default is 1. */
  callsAtOnce?: number;
  /** MB by which its RSS may exceed its resting level. Above it, the memory watch ends the running call. */
  growthMb: number;
  counters: Counters;
  /** Called when the process ends unexpectedly or is killed for a reason. */
  log(fields: object, message: string): void;
  /** Called after each change of state. */
  onState(process: ManagedProcess<P>): void;
}

/** A process of any program. */
export type AnyProcess = Omit<ManagedProcess<Protocol>, 'run' | 'start' | 'tasks'> & {
  readonly tasks: Pick<Tasks<Protocol>, 'areAbandoned' | 'isCommitting'>;
};

/** One process of the service, from its start to its end. It runs one call at a time unless its options allow more. */
export class ManagedProcess<P extends Protocol> {
  readonly role: ProcessStatus['role'];
  readonly growthMb: number;
  /** Resolves when the process serves. Rejects with StartupError, or with `connection_lost` if it died first. */
  readonly ready: Promise<void>;
  /** RSS in MB when it began to serve: the memory that it needs when idle. */
  restingMb = 0;
  /** True if the process must be replaced soon. Set by its own report, the memory watch, or its owner. */
  needsReplacement = false;
  queries = 0;
  readonly tasks: Tasks<P>;
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions<P>;
  readonly #startedAt = performance.now();
  readonly #gone = Promise.withResolvers<void>();
  #state: State = { name: 'starting' };
  #opened: Opened = { pragmas: {} };
  readonly #memory: ResidentMemory;
  #reportedRssMb = 0;
  #clearKill = () => {};
  /** Why cc-jobs killed it. */
  #killedFor: string | undefined;
  readonly #pings = new UnansweredPings();
  /** The end of its standard error output. It contains Node's last message if the process dies. */
  #lastWords = '';

  constructor(options: ProcessOptions<P>) {
    this.#options = options;
    this.role = options.role;
    this.growthMb = options.growthMb;
    this.#child = startProgram(options.program);
    this.#memory = new ResidentMemory(this.pid);
    this.tasks = new Tasks<P>({
      pid: this.pid,
      send: (message) => this.#send(message),
      kill: (why) => this.kill(why),
      onEnd: () => this.#callEnded(),
      counters: options.counters,
    });
    if (this.pid !== 0) setPriorityOf(this.pid, this.role);
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    ready.promise.catch(() => {}); // callers that await `ready` get the error; without any, it must not be unhandled
    const clearStart = afterWaiting(START_LIMIT_MS, () => this.kill('it did not start in time'));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.#child.on('message', (message: FromProcess<P>) => this.#receive(message, ready));
    this.#child.on('error', (error: NodeJS.ErrnoException) => {
      this.kill(`it could not be started, or a message could not be sent: ${error.code ?? error.message}`);
      this.#ended(ready, 'error');
    });
    this.#child.on('exit', (code, signal) => {
      this.#ended(ready, signal ?? code ?? 'unknown');
    });
    ready.promise.then(clearStart, clearStart);
    this.#send({ kind: 'open', options: options.open });
  }

  get state(): State {
    return this.#state;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resident memory in MB now. */
  get rssMb(): number {
    return this.#memory.mb ?? this.#reportedRssMb;
  }

  /** True if it takes more memory than allowed. The memory watch then ends its call. */
  get isOverLimit(): boolean {
    return this.rssMb > this.restingMb + this.growthMb;
  }

  /** Resolves when the process has ended. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  status(): ProcessStatus {
    return {
      pid: this.pid,
      role: this.role,
      state: this.#state.name,
      ...(this.#state.name === 'busy' ? this.tasks.doing() : {}),
      rssMb: Math.round(this.rssMb * 10) / 10,
      ageSec: Math.round((performance.now() - this.#startedAt) / 1000),
      queries: this.queries,
      ...this.#opened,
    };
  }

  /**
   * Runs a call on an idle process. Rejects with the fault that the process reports, with `connection_lost` if the
   * process dies, and with an error if the input cannot be cloned. Call `abandon` to stop waiting.
   */
  async run<Name extends CallName<P>>(
    name: Name,
    input: InputOf<P, Name>,
    events?: CallEvents<P>,
  ): Promise<OutputOf<P, Name>> {
    return await this.start(name, input, events).output;
  }

  /** As `run`, for a call that is interrupted or abandoned apart from others. */
  start<Name extends CallName<P>>(
    name: Name,
    input: InputOf<P, Name>,
    events: CallEvents<P> = {},
  ): StartedCall<OutputOf<P, Name>> {
    if (this.tasks.size >= (this.#options.callsAtOnce ?? 1)) throw new Fault('internal', `a ${this.role} is busy`);
    this.queries += 1;
    this.#become({ name: 'busy' });
    return this.tasks.start(name, input, events);
  }

  /** Rejects the running calls at once. The process then has `graceMs` of CPU time to stop working on them. */
  abandon(reason: unknown, graceMs?: number): void {
    if (this.#state.name === 'busy') this.tasks.abandon(reason, graceMs);
  }

  /** Kills the process unless a running call ends within `graceMs`. */
  killAfter(graceMs: number, why: string): void {
    this.#clearKill();
    this.#clearKill = afterWaiting(graceMs, () => this.kill(why));
  }

  /** Asks the process to close and end. Kills it if it does not. */
  stop(): void {
    if (this.#state.name === 'stopping' || this.#state.name === 'gone') return;
    this.#become({ name: 'stopping' });
    this.#send({ kind: 'stop' });
    this.killAfter(STOP_GRACE_MS, 'it did not stop');
  }

  /** Kills the process. Without a reason, the kill is not logged. */
  kill(why = ''): void {
    if (this.#state.name === 'gone') return;
    this.#killedFor ??= why;
    if (this.#state.name !== 'stopping') this.#options.counters.kills += 1;
    if (this.pid !== 0) this.#child.kill('SIGKILL');
  }

  /** True if it answered one of the last pings. Turns of our event loop count: after a stall answers may be unread. */
  get isHeard(): boolean {
    return this.#pings.isHeard;
  }

  /** Asks for a sign of life. Kills an idle process that gives none, because a request would wait for it in vain. */
  ping(): void {
    if (this.#state.name === 'gone') return;
    this.#pings.sent();
    if (this.#state.name === 'idle' && this.#pings.areTooMany) this.kill('it did not respond');
    else this.#send({ kind: 'ping' });
  }

  #send(message: ToProcess<P>): void {
    if (this.#child.connected) this.#child.send(message);
  }

  #become(next: State): void {
    if (!NEXT[this.#state.name].includes(next.name)) {
      throw new Fault('internal', `a ${this.role} process cannot go from ${this.#state.name} to ${next.name}`);
    }
    this.#state = next;
    this.#options.onState(this);
  }

  #receive(message: FromProcess<P>, ready: PromiseWithResolvers<void>): void {
    this.#pings.answered();
    switch (message.kind) {
      case 'ready': {
        if (this.#state.name !== 'starting') return;
        const { kind: _, ...opened } = message;
        this.#opened = opened;
        this.restingMb = this.rssMb;
        this.#become({ name: 'idle', since: performance.now() });
        ready.resolve();
        return;
      }
      case 'refused':
        ready.reject(new StartupError(message.problems, { fault: message.fault }));
        this.kill();
        return;
      case 'needsReplacement':
        this.needsReplacement = true;
        return;
      case 'pong':
        this.#reportedRssMb = message.rssMb;
        return;
      default:
        if (this.#state.name === 'busy') this.tasks.receive(message);
    }
  }

  #callEnded(): void {
    this.#clearKill();
    this.#become(this.tasks.size > 0 ? { name: 'busy' } : { name: 'idle', since: performance.now() });
  }

  #ended(ready: PromiseWithResolvers<void>, how: string | number): void {
    if (this.#state.name === 'gone') return;
    this.#clearKill();
    const before = this.#state;
    const lost = new Fault('connection_lost', 'the connection process died; its changes were rolled back');
    if (before.name !== 'stopping' && !(before.name === 'busy' && this.tasks.areAbandoned)) {
      this.#options.counters.crashes += 1;
    }
    if (how === 'error') this.#tellEnd(before.name, how);
    else this.#child.once('close', () => this.#tellEnd(before.name, how)); // its standard error is complete then
    ready.reject(lost);
    this.#become({ name: 'gone' });
    this.#memory.close();
    this.tasks.lose(lost);
    this.#gone.resolve();
  }

  #tellEnd(before: State['name'], how: string | number): void {
    const fields = { role: this.role, pid: this.pid, state: before, exit: how, said: this.#lastWords || undefined };
    if (this.#killedFor === undefined) {
      if (before === 'idle' || before === 'busy') this.#options.log(fields, 'a process died');
    } else if (this.#killedFor !== '') {
      this.#options.log({ ...fields, why: this.#killedFor }, 'a process was killed');
    }
  }
}
