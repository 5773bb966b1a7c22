import { getPriority, setPriority } from 'node:os';
import type { ProcessStatus } from '../system-state.ts';

/**
 * Steps that are added to the nice value of the service. The parent keeps its own: each deadline, each answer and /healthz need it.
 * A nice value cannot be lowered again without a privilege, so a process that works in the background never answers.
 *
 * Weights of Linux: 1024 at 0, 655 at 2, 423 at 4, 215 at 7. Next to four readers at work a build, which keeps three threads busy, gets a
 * quarter of the machine by these weights. Not lower: other programs of the machine would starve it. Nice values compare the processes
 * of one session or control group; all of ours are in the same one.
 */
const STEPS = { shared: 2, answering: 4, background: 7 } as const;
/** The lowest priority there is. */
const MOST = 19;

const STEP_OF: Readonly<Record<ProcessStatus['role'], number>> = {
  writer: STEPS.shared, // its writes are short, and a scheduler waits for them
  reader: STEPS.answering,
  archive: STEPS.answering,
  bodies: STEPS.answering, // a request waits for it
  columns: STEPS.shared, // it answers one question after the other, for all callers: a reader works for one
  syncer: STEPS.answering,
  decoder: STEPS.background,
  builder: STEPS.background,
};

/** Gives a process that has just been started its place. What it starts, threads and processes, inherits it. */
export function setPriorityOf(pid: number, role: ProcessStatus['role']): void {
  lower(pid, STEP_OF[role]);
}

/** Gives a process that works in the background for a while the lowest priority: it must not answer anything afterwards. */
export function setLowestPriority(pid: number): void {
  lower(pid, MOST);
}

/** For a command that may run next to a service: the service comes first. */
export function workInBackground(): void {
  lower(0, STEPS.background);
}

/** Where the system refuses it, or the process has ended, there is nothing to do: priorities are not needed for an answer to be right. */
function lower(pid: number, step: number): void {
  try {
    setPriority(pid, Math.min(MOST, getPriority() + step));
  } catch {}
}
