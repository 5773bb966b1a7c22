import type { Database } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import { FOLDED_ENDS, SIZE_CLASSES } from '../../jobs/groups.ts';
import type { JobState } from '../../jobs/job-enums.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { PastJob } from '../../jobs/walltime-advice.ts';
import { newestJobs, type PastJobRow } from './sqlite.ts';

/** The newest jobs of a user that advice looks at. Their metadata is parsed: 2,000 take 20 ms. */
export const MOST_PAST_JOBS = 2_000;

/**
 * What a state says about the run time of a job. Other states say nothing about it: a node or the scheduler ended the
 * job, or it has not started.
 */
const KNOWN: Readonly<Partial<Record<JobState, PastJob['has']>>> = {
  completed: 'ended',
  failed: 'ended',
  cancelled: 'ended',
  out_of_memory: 'ended',
  timeout: 'reached walltime',
  deadline: 'reached walltime',
  running: 'not ended',
};

/** Reads the newest jobs whose run time is known or is at least as long as they have run, newest start first. */
export async function pastJobs(
  db: Database,
  jobs: VisibleJobs,
  nowSec: number,
  deadline: Deadline,
): Promise<PastJob[]> {
  const rows = await db.read(newestJobs(jobs, { nowSec, limit: MOST_PAST_JOBS }), deadline);
  return rows.flatMap((row) => pastJob(row) ?? []);
}

/** Undefined if the run time says nothing. */
export function pastJob({
  state,
  nodes,
  submitTime,
  startTime,
  duration,
  user: _,
  ...job
}: PastJobRow): PastJob | undefined {
  const has = KNOWN[state];
  if (has === undefined) return undefined;
  const submittedAt = submitTime > 0 && submitTime <= startTime ? submitTime : startTime;
  return { ...job, size: sizeOf(nodes), submittedAt, startedAt: startTime, duration: Math.max(0, duration), has };
}

/** The smallest number of nodes of a size class. */
export function sizeOf(nodes: number): number {
  return SIZE_CLASSES.findLast((least) => least <= nodes) ?? 0;
}

/** The family of a job name, as the group `name-family` has it. */
export function familyOf(name: string): string {
  let end = name.length;
  while (end > 0 && FOLDED_ENDS.includes(name.charAt(end - 1))) end -= 1;
  return name.slice(0, end);
}
