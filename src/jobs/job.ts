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

export interface Resource {
  hostname: string;
  configuration?: string;
  hwthreads?: number[];
  accelerators?: string[];
}

/**
 * The resources of a job as stored, with the facts needed to check them. They are not a list of objects because a job
 * on ten thousand nodes has a million values.
 */
export interface StoredResources {
  hosts: number;
  firstHost: string;
  /** True if a host has an empty name. */
  isUnnamed: boolean;
  /** The problem with the name of a host (job-problems.ts). */
  problem: string | undefined;
  json: string;
}

export interface Tag {
  type: string;
  name: string;
  scope: string;
}

/**
 * A job to be stored, as made by the imports and the generator. start_job makes a StorableJob. Times are Unix seconds,
 * durations seconds, energy kWh. Nothing is stored as NULL: cc-backend cannot read it in these columns
 * (contract/database.md §2).
 */
export interface Job {
  jobId: number | bigint;
  cluster: string;
  subCluster: string;
  partition: string;
  project: string;
  user: string;
  shared: Shared;
  jobState: JobState;
  /** 0 where it is not known. */
  submitTime: number | bigint;
  startTime: number;
  /** stop - start for a finished job. For a running job the value stored last; answers compute the current one. */
  duration: number;
  walltime: number;
  arrayJobId: number | bigint;
  numNodes: number;
  numHwthreads: number;
  numAcc: number;
  smt: number;
  monitoringStatus: MonitoringStatus;
  energy: number;
  resources: Resource[];
  /** `metric_stat` -> value, or null if the job has not been updated yet. */
  footprint: Record<string, number> | null;
  /** metric -> kWh. */
  energyFootprint: Record<string, number> | null;
  metaData: Record<string, string> | null;
  tags: Tag[];
}

/** A member of a job that is a text or a number. */
export type JobProperty = keyof { [Name in keyof Job as Job[Name] extends string | number | bigint ? Name : never]: 0 };

/** A job to be written. A scheduler may send any 64-bit number, which must not be rounded. */
export interface StorableJob extends Omit<Job, 'startTime' | 'walltime'> {
  startTime: number | bigint;
  walltime: number | bigint;
}
