import type { ProcessStatus } from '../system-state.ts';

/** A call on a process, as the parent sees it. */
export interface Task extends TaskEvents {
  id: number;
  /** The name of the statement or write, to show to people. */
  name: string;
  /** An instant of performance.now(). */
  startedAt: number;
  /** True once the caller has its answer and the process only has to finish. */
  abandoned: boolean;
  /** True once the effect of the call may become final. From then on the call is not ended early. */
  committing: boolean;
}

export interface TaskEvents {
  resolve(output: unknown): void;
  reject(fault: unknown): void;
  onStep(step: unknown): void;
  mayCommit(): boolean;
}

/** The states of a process. Only `become` changes the state. */
export type State =
  | { name: 'starting' }
  | { name: 'idle'; since: number }
  | { name: 'busy'; task: Task }
  /** `task`: its call at the time of the request to stop. The call ends with the process. */
  | { name: 'stopping'; task?: Task }
  | { name: 'gone' };

/** The states that can follow each state. */
export const NEXT: Readonly<Record<State['name'], readonly State['name'][]>> = {
  starting: ['idle', 'stopping', 'gone'],
  idle: ['busy', 'stopping', 'gone'],
  busy: ['idle', 'stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
};

/** Creates the task of a call that begins now. It has the name of its statement or write, or else of the call. */
export function newTask(id: number, call: string, input: unknown, events: TaskEvents): Task {
  const name = hasName(input) ? input.name : call;
  return { ...events, id, name, startedAt: performance.now(), abandoned: false, committing: false };
}

function hasName(input: unknown): input is { readonly name: string } {
  return typeof input === 'object' && input !== null && 'name' in input && typeof input.name === 'string';
}

/** The call of a busy process and its duration so far. */
export function doingOf(state: State): Pick<ProcessStatus, 'doing'> {
  if (state.name !== 'busy') return {};
  const { name, startedAt } = state.task;
  return { doing: { name, ms: Math.round(performance.now() - startedAt) } };
}
