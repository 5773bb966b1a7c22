import type { Fault } from '../faults.ts';
import type { ProcessStatus } from '../system-state-types.ts';
import type { Counters } from './counters.ts';
import { faultFromMessage } from './fault-messages.ts';
import { afterWorking } from './late-timer.ts';
import type { CallName, FromProcess, InputOf, OutputOf, Protocol, ToProcess } from './protocol.ts';

/** CPU time of the process from an interrupt to the report that the query has ended. After it the process is killed. */
const INTERRUPT_GRACE_MS = 250;
/**
 * The grace period in wall time, as a multiple of that CPU time: 2 s. A reader next to four busy programs on two cores
 * gets a sixteenth of a core, and needs 5 to 20 ms of CPU to stop.
 */
const GRACE_STRETCH = 8;

/** Callbacks for a running call. */
export interface CallEvents<P extends Protocol> {
  onStep?(step: P['step']): void;
  /** Returns whether the effect of the call may become final. The default is false. */
  mayCommit?(): boolean;
}

/** A call that a process works on. */
export interface StartedCall<Output> {
  /** Rejects with the fault that the process reports, or with `connection_lost` if the process dies. */
  readonly output: Promise<Output>;
  /** Resolves when the process no longer works on the call, which may be after `output` was rejected. */
  readonly ended: Promise<void>;
  /** Ends the call early. `output` rejects if this was in time. */
  interrupt(): void;
  /** Rejects `output` at once. The process then has `graceMs` of CPU time to stop working on the call. */
  abandon(reason: unknown, graceMs?: number): void;
}

/** A call on a process, as the parent sees it. */
interface Task {
  readonly id: number;
  /** The name of the statement or write, to show to people. */
  readonly name: string;
  /** An instant of performance.now(). */
  readonly startedAt: number;
  /** True once the caller has its answer and the process only has to finish. */
  abandoned: boolean;
  /** True once the effect of the call may become final. From then on the call is not ended early. */
  committing: boolean;
  /** Stops the timer that kills the process if the abandoned call does not end. */
  clearKill(): void;
  resolve(output: unknown): void;
  reject(fault: unknown): void;
  /** Called when the process no longer works on it. */
  ended(): void;
  onStep(step: unknown): void;
  mayCommit(): boolean;
}

interface TasksOptions<P extends Protocol> {
  pid: number;
  send(message: ToProcess<P>): void;
  kill(why: string): void;
  /** Called after a call has ended. */
  onEnd(): void;
  counters: Counters;
}

let lastId = 0;

/** The running calls of a process, in the order of their starts. */
export class Tasks<P extends Protocol> {
  readonly #options: TasksOptions<P>;
  #all: readonly Task[] = [];

  constructor(options: TasksOptions<P>) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.length;
  }

  get areAbandoned(): boolean {
    return this.#all.every(({ abandoned }) => abandoned);
  }

  get isCommitting(): boolean {
    return this.#all.some(({ committing }) => committing);
  }

  /** The first call and its duration so far. */
  doing(): Pick<ProcessStatus, 'doing'> {
    const [first] = this.#all;
    if (first === undefined) return {};
    return { doing: { name: first.name, ms: Math.round(performance.now() - first.startedAt) } };
  }

  start<Name extends CallName<P>>(
    name: Name,
    input: InputOf<P, Name>,
    { onStep = () => {}, mayCommit = () => false }: CallEvents<P>,
  ): StartedCall<OutputOf<P, Name>> {
    lastId += 1;
    const id = lastId;
    const output = Promise.withResolvers<unknown>();
    const ended = Promise.withResolvers<void>();
    const task: Task = {
      ...{ id, name: hasName(input) ? input.name : name, startedAt: performance.now() },
      ...{ abandoned: false, committing: false, clearKill() {} },
      ...{ resolve: output.resolve, reject: output.reject, ended: ended.resolve, onStep, mayCommit },
    };
    this.#all = [...this.#all, task];
    try {
      this.#options.send({ kind: 'call', id, name, input } as ToProcess<P>);
    } catch (error) {
      task.reject(error); // the input could not be cloned, so it was not sent
      this.#end(task);
    }
    return {
      output: output.promise as Promise<OutputOf<P, Name>>, // the program has the same protocol
      ended: ended.promise,
      interrupt: () => this.#options.send({ kind: 'interrupt', id }),
      abandon: (reason, graceMs) => this.#abandon(task, reason, graceMs),
    };
  }

  /** Rejects all calls at once. The process then has `graceMs` of CPU time to stop working on them. */
  abandon(reason: unknown, graceMs?: number): void {
    for (const task of this.#all) this.#abandon(task, reason, graceMs);
  }

  /** Handles a message about a running call. A message about another call is late and is ignored. */
  receive(message: Extract<FromProcess<P>, { id: number }>): void {
    const task = this.#all.find(({ id }) => id === message.id);
    if (task === undefined) return;
    if (message.kind === 'step') {
      task.onStep(message.step);
      return;
    }
    if (message.kind === 'mayCommit') {
      if (task.committing) return; // a call asks once
      task.committing = !task.abandoned && task.mayCommit();
      this.#options.send({ kind: 'commit', id: task.id, allowed: task.committing });
      return;
    }
    if (message.kind === 'failed') task.reject(faultFromMessage(message.fault));
    else task.resolve(message.output);
    this.#end(task);
  }

  /** Rejects all calls, because their process has ended. */
  lose(reason: Fault): void {
    for (const task of this.#all) {
      task.clearKill();
      task.reject(reason);
      task.ended();
    }
    this.#all = [];
  }

  #abandon(task: Task, reason: unknown, graceMs = INTERRUPT_GRACE_MS): void {
    task.reject(reason);
    if (task.abandoned || !this.#all.includes(task)) return;
    task.abandoned = true;
    this.#options.counters.interrupts += 1;
    this.#options.send({ kind: 'interrupt', id: task.id });
    const time = { cpuMs: graceMs, wallMs: graceMs * GRACE_STRETCH };
    task.clearKill = afterWorking(this.#options.pid, time, () =>
      this.#options.kill('what it did could not be interrupted'),
    );
  }

  #end(task: Task): void {
    task.clearKill();
    this.#all = this.#all.filter((other) => other !== task);
    this.#options.onEnd();
    task.ended();
  }
}

function hasName(input: unknown): input is { readonly name: string } {
  return typeof input === 'object' && input !== null && 'name' in input && typeof input.name === 'string';
}
