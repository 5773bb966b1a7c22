import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import type { ProcessStatus } from '../system-state-types.ts';

/**
 * Added to the nice value of the service. The parent keeps its own, because every deadline, every answer and /healthz
 * depend on it. An unprivileged process cannot lower its nice value again, so a process that has worked in the
 * background never answers requests afterwards.
 *
 * The weights on Linux are 1024 at 0, 215 at 7, 137 at 9, and 70 at 12. With them the parent answers 99 % of 20 scans
 * within 33 ms of their deadline, also during a build; with 5, 7 and 10 it takes 54 ms. A build keeps three threads busy,
 * so next to four busy readers it gets a quarter of the machine. Next to four busy programs of others, an index process
 * gets a tenth of a core. Therefore processes are killed by their CPU time, not by the clock (running-calls.ts). Linux
 * compares nice values within one session or control group, and all processes of the service are in the same one.
 */
const STEPS = { shared: 7, answering: 9, background: 12 } as const;
/** The lowest priority that the system offers. */
const MOST = 19;

const STEP_OF: Readonly<Record<ProcessStatus['role'], number>> = {
  writer: STEPS.shared, // its writes are short, and a scheduler waits for them
  reader: STEPS.answering,
  archive: STEPS.answering,
  bodies: STEPS.answering, // a request waits for it
  columns: STEPS.shared, // it serves all callers, one question after the other; a reader serves one
  syncer: STEPS.answering,
  decoder: STEPS.background,
  upkeep: STEPS.background,
  builder: STEPS.background,
  parquet: STEPS.background,
};

/** Sets the priority of a process that has just started. Its later threads and its child processes inherit it. */
export function setPriorityOf(pid: number, role: ProcessStatus['role']): void {
  lower(pid, STEP_OF[role]);
}

/** Gives the lowest priority to a process for a background query. The process must not answer requests afterwards. */
export function setLowestPriority(pid: number): void {
  lower(pid, MOST);
}

/** For a command that may run next to a service. The service has priority. */
export function workInBackground(): void {
  lower(0, STEPS.background);
}

/**
 * Does nothing if the system refuses or the process has ended. Correct answers do not depend on priorities. On Linux each
 * thread has its own: on a busy machine a process has some before its parent gets here.
 */
function lower(pid: number, step: number): void {
  try {
    const nice = Math.min(MOST, getPriority() + step);
    setPriority(pid, nice); // first: the threads that it starts from now on inherit it
    for (const thread of readdirSync(`/proc/${pid === 0 ? 'self' : pid}/task`)) setPriority(Number(thread), nice);
  } catch {}
}
