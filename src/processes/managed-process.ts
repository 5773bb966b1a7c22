import type { ChildProcess } from 'node:child_process';
import { Fault } from '../faults.ts';
import { StartupError } from '../startup-error.ts';
import type { ProcessStatus } from '../system-state.ts';
import type { Counters } from './counters.ts';
import { faultFromMessage } from './fault-messages.ts';
import { afterWaiting } from './late-timer.ts';
import { setPriorityOf } from './priority.ts';
import { doingOf, NEXT, newTask, type State, type TaskEvents } from './process-state.ts';
import type { CallMessage, CallName, FromProcess, InputOf, Opened, OutputOf, Protocol, ToProcess } from './protocol.ts';
import { rssMbOf } from './rss.ts';
import { type Program, startProgram } from './spawn.ts';

/** From an interrupt to the report that the query has ended; then the process is killed. */
export const INTERRUPT_GRACE_MS = 250;
/** From the request to stop to the end; a connection closes within a few ms. */
const STOP_GRACE_MS = 1_000;
/** Pings in a row, one every quarter of a second, that an idle process may leave unanswered: it is stopped, or hangs. */
const SILENT_PINGS = 12;
/** So many in a row say nothing yet: a second without any sign of life. */
const HEARD_PINGS = 4;
/** Characters kept of what a process writes to standard error. */
const LAST_WORDS = 2_000;
/** A start takes 70-160 ms (measured); on a machine that swaps, or at low priority on a busy one, it may take seconds. */
const START_LIMIT_MS = 30_000;

let lastId = 0;

export interface ProcessOptions<P extends Protocol> {
  role: ProcessStatus['role'];
  program: Program;
  /** What the program is opened with. */
  open: P['options'];
  /** MB its RSS may grow by above its resting level. Beyond, the memory watch ends what it does. */
  growthMb: number;
  counters: Counters;
  /** Called for its end, unless it was asked for. */
  log(fields: object, message: string): void;
  /** Called after each change of state. */
  onState(process: ManagedProcess<P>): void;
}

/** What a call may report while it runs. */
export interface CallEvents<P extends Protocol> {
  onStep?(step: P['step']): void;
  /** Whether its effect may become final. Without it: no. */
  mayCommit?(): boolean;
}

/** A process of any program. */
export type AnyProcess = Omit<ManagedProcess<Protocol>, 'run'>;

/** One process of the service, from its start to its end. It works on one call at a time. */
export class ManagedProcess<P extends Protocol> {
  readonly role: ProcessStatus['role'];
  readonly growthMb: number;
  /** Resolves when it serves; rejects with StartupError, or with the fault `connection_lost` when it died first. */
  readonly ready: Promise<void>;
  /** RSS in MB when it began to serve: what it needs to be there. */
  restingMb = 0;
  /** Leaves as soon as it may: it said so, or the memory watch did. */
  needsReplacement = false;
  queries = 0;
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions<P>;
  readonly #startedAt = performance.now();
  readonly #gone = Promise.withResolvers<void>();
  #state: State = { name: 'starting' };
  #opened: Opened = { pragmas: {} };
  #reportedRssMb = 0;
  #clearKill = () => {};
  /** Why we killed it. */
  #killedFor: string | undefined;
  /** Pings since the last sign of life. */
  #unansweredPings = 0;
  /** The end of what it has written to standard error: Node's last words, if it dies. */
  #lastWords = '';

  constructor(options: ProcessOptions<P>) {
    this.#options = options;
    this.role = options.role;
    this.growthMb = options.growthMb;
    this.#child = startProgram(options.program);
    if (this.pid !== 0) setPriorityOf(this.pid, this.role);
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    ready.promise.catch(() => {}); // who waits for it is told; nobody may be waiting
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
    return rssMbOf(this.pid) ?? this.#reportedRssMb;
  }

  /** It takes more memory than it may: the memory watch ends whatever it does. */
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
      ...doingOf(this.#state),
      rssMb: Math.round(this.rssMb * 10) / 10,
      ageSec: Math.round((performance.now() - this.#startedAt) / 1000),
      queries: this.queries,
      ...this.#opened,
    };
  }

  /**
   * Gives an idle process a call. Rejects with the fault that the process reports, with `connection_lost` when it dies, and with what
   * cannot be cloned. To stop waiting, call `abandon`.
   */
  run<Name extends CallName<P>>(
    name: Name,
    input: InputOf<P, Name>,
    { onStep = () => {}, mayCommit = () => false }: CallEvents<P> = {},
  ): Promise<OutputOf<P, Name>> {
    lastId += 1;
    const id = lastId;
    this.queries += 1;
    return new Promise((resolve, reject) => {
      const events = { resolve, reject, onStep, mayCommit } as TaskEvents; // the program of the other end has the same protocol
      this.#become({ name: 'busy', task: newTask(id, name, input, events) });
      try {
        this.#send({ kind: 'call', id, name, input } as CallMessage<P>);
      } catch (error) {
        reject(error); // what cannot be cloned was never sent
        this.#become({ name: 'idle', since: performance.now() });
      }
    });
  }

  /** Ends the request it works on with a fault for its caller, at once; the process itself has `graceMs` to follow. */
  abandon(reason: unknown, graceMs = INTERRUPT_GRACE_MS): void {
    if (this.#state.name !== 'busy') return;
    const { task } = this.#state;
    task.reject(reason);
    if (task.abandoned) return;
    task.abandoned = true;
    this.#options.counters.interrupts += 1;
    this.#send({ kind: 'interrupt', id: task.id });
    this.killAfter(graceMs, 'what it did could not be interrupted');
  }

  /** Kills it unless the request it works on has ended by then. */
  killAfter(graceMs: number, why: string): void {
    this.#clearKill();
    this.#clearKill = afterWaiting(graceMs, () => this.kill(why));
  }

  /** Asks it to close and end, and kills it when it does not. */
  stop(): void {
    if (this.#state.name === 'stopping' || this.#state.name === 'gone') return;
    this.#become(this.#state.name === 'busy' ? { name: 'stopping', task: this.#state.task } : { name: 'stopping' });
    this.#send({ kind: 'stop' });
    this.killAfter(STOP_GRACE_MS, 'it did not stop');
  }

  /** Without a reason nobody has to be told. */
  kill(why = ''): void {
    if (this.#state.name === 'gone') return;
    this.#killedFor ??= why;
    if (this.#state.name !== 'stopping') this.#options.counters.kills += 1;
    if (this.pid !== 0) this.#child.kill('SIGKILL');
  }

  /** Whether it has answered one of the last pings. They count turns of our event loop: after a stall its answer may wait to be read. */
  get isHeard(): boolean {
    return this.#unansweredPings <= HEARD_PINGS;
  }

  /** Asks for a sign of life, and kills it when it is idle and gives none: the next request would wait for it in vain. */
  ping(): void {
    if (this.#state.name === 'gone') return;
    this.#unansweredPings += 1;
    if (this.#state.name === 'idle' && this.#unansweredPings > SILENT_PINGS) this.kill('it did not respond');
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
    this.#unansweredPings = 0;
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
      case 'worn':
        this.needsReplacement = true;
        return;
      case 'pong':
        this.#reportedRssMb = message.rssMb;
        return;
      default:
        this.#receiveOf(message);
    }
  }

  /** A message about the call it works on. One about another is late, and has no meaning. */
  #receiveOf(message: Extract<FromProcess<P>, { id: number }>): void {
    if (this.#state.name !== 'busy' || this.#state.task.id !== message.id) return;
    const { task } = this.#state;
    if (message.kind === 'step') {
      task.onStep(message.step);
      return;
    }
    if (message.kind === 'mayCommit') {
      if (task.committing) return; // it asks once
      task.committing = !task.abandoned && task.mayCommit();
      this.#send({ kind: 'commit', id: task.id, allowed: task.committing });
      return;
    }
    this.#clearKill();
    if (message.kind === 'failed') task.reject(faultFromMessage(message.fault));
    else task.resolve(message.output);
    this.#become({ name: 'idle', since: performance.now() });
  }

  #ended(ready: PromiseWithResolvers<void>, how: string | number): void {
    if (this.#state.name === 'gone') return;
    this.#clearKill();
    const before = this.#state;
    const lost = new Fault('connection_lost', 'the connection process died; its changes were rolled back');
    if (before.name !== 'stopping' && !(before.name === 'busy' && before.task.abandoned)) {
      this.#options.counters.crashes += 1;
    }
    if (how === 'error') this.#tellEnd(before.name, how);
    else this.#child.once('close', () => this.#tellEnd(before.name, how)); // its last words are here then
    ready.reject(lost);
    this.#become({ name: 'gone' });
    if (before.name === 'busy' || before.name === 'stopping') before.task?.reject(lost);
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
