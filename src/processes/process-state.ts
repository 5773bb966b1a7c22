import type { ProcessStatus } from '../system-state.ts';
import type { FromProcess, ToProcess } from './protocol.ts';

/** What a process answers to the request it was given. */
export type Reply =
  | Extract<FromProcess, { kind: 'answer' | 'written' | 'takenApart' | 'synced' | 'built' | 'declined' }>
  | (Extract<FromProcess, { kind: 'archived' }> & { parts: readonly Uint8Array[] });
type Request = Extract<
  ToProcess,
  {
    kind:
      | 'query'
      | 'write'
      | 'maintain'
      | 'archive'
      | 'takeApart'
      | 'sync'
      | 'buildColumns'
      | 'followColumns'
      | 'askColumns';
  }
>;

/** The messages of a write on its way. */
export type WriteStep = 'locked' | 'began' | 'mayCommit';

/** A request on its process, seen from the service. */
export interface Task {
  id: number;
  /** What it is, for people: the name of a statement or a write. */
  name: string;
  /** An instant of performance.now(). */
  startedAt: number;
  resolve(reply: Reply): void;
  reject(fault: unknown): void;
  onStep(step: WriteStep): void;
  /** Pieces of its answer that have come so far. */
  parts: Uint8Array[];
  /** Set once its caller has his answer and the process is only waited for. */
  abandoned: boolean;
  /** Set once its write may commit: from then on it is only waited for. */
  committing: boolean;
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

/** A request without its id, which `run` gives. */
export type RequestBody = Request extends infer Each ? (Each extends Request ? Omit<Each, 'id'> : never) : never;

/** A request that begins now. */
export function newTask(id: number, request: RequestBody, told: Pick<Task, 'resolve' | 'reject' | 'onStep'>): Task {
  const name = 'name' in request && request.name !== undefined ? request.name : request.kind;
  return { ...told, id, name, startedAt: performance.now(), parts: [], abandoned: false, committing: false };
}

/** What a process that is busy does, and for how long. */
export function doingOf(state: State): Pick<ProcessStatus, 'doing'> {
  if (state.name !== 'busy') return {};
  const { name, startedAt } = state.task;
  return { doing: { name, ms: Math.round(performance.now() - startedAt) } };
}
