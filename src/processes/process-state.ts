import type { ProcessStatus } from '../system-state.ts';

/** A call on its process, seen from the service. */
export interface Task extends TaskEvents {
  id: number;
  /** What it is, for people: the name of a statement or a write. */
  name: string;
  /** An instant of performance.now(). */
  startedAt: number;
  /** Set once its caller has the answer, and the process is only waited for. */
  abandoned: boolean;
  /** Set once its effect may become final: from then on it is only waited for. */
  committing: boolean;
}

export interface TaskEvents {
  resolve(output: unknown): void;
  reject(fault: unknown): void;
  onStep(step: unknown): void;
  mayCommit(): boolean;
}

/** The states of a process; `become` is the only way from one to another. */
export type State =
  | { name: 'starting' }
  | { name: 'idle'; since: number }
  | { name: 'busy'; task: Task }
  /** `task`: what it worked on when it was told to stop; it ends with the process. */
  | { name: 'stopping'; task?: Task }
  | { name: 'gone' };

/** Where each state may lead. */
export const NEXT: Readonly<Record<State['name'], readonly State['name'][]>> = {
  starting: ['idle', 'stopping', 'gone'],
  idle: ['busy', 'stopping', 'gone'],
  busy: ['idle', 'stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
};

/** A call that begins now. Its name is that of its statement or write, if it has one. */
export function newTask(id: number, call: string, input: unknown, events: TaskEvents): Task {
  const name = hasName(input) ? input.name : call;
  return { ...events, id, name, startedAt: performance.now(), abandoned: false, committing: false };
}

function hasName(input: unknown): input is { readonly name: string } {
  return typeof input === 'object' && input !== null && 'name' in input && typeof input.name === 'string';
}

/** What a process that is busy does, and for how long. */
export function doingOf(state: State): Pick<ProcessStatus, 'doing'> {
  if (state.name !== 'busy') return {};
  const { name, startedAt } = state.task;
  return { doing: { name, ms: Math.round(performance.now() - startedAt) } };
}
