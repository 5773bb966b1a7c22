/** The job states of a scheduler (contract/rest.md §3.1), in exactly these spellings. */
export const JOB_STATES = [
  'boot_fail',
  'cancelled',
  'completed',
  'deadline',
  'failed',
  'node_fail',
  'out_of_memory',
  'pending',
  'preempted',
  'running',
  'suspended',
  'timeout',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The states of a job that has started and has not ended. */
export const UNENDED_STATES = ['running', 'suspended'] as const;

/** The states of a job that has failed. */
export const FAILED_STATES = ['boot_fail', 'deadline', 'failed', 'node_fail', 'out_of_memory', 'timeout'] as const;

export function isUnended(state: JobState): boolean {
  return UNENDED_STATES.some((unended) => unended === state);
}

/** The states of a job that has ended, for any reason. */
export const ENDED_STATES = JOB_STATES.filter((state) => state !== 'pending' && !isUnended(state));

export function hasEnded(state: JobState): boolean {
  return ENDED_STATES.includes(state);
}

export const SHARED = ['none', 'single_user', 'multi_user'] as const;
export type Shared = (typeof SHARED)[number];

/** What `exclusive` meant, which jobs had before `shared`. */
const OF_EXCLUSIVE: readonly Shared[] = ['multi_user', 'none', 'single_user', 'multi_user'];

/** Undefined for a number that never had a meaning. */
export function sharedOfExclusive(exclusive: number): Shared | undefined {
  return OF_EXCLUSIVE[exclusive];
}

/** 0 disabled, 1 running or archiving, 2 archiving failed, 3 archiving successful. */
export type MonitoringStatus = 0 | 1 | 2 | 3;
