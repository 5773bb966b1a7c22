/** The job states of a scheduler (contract/rest.md §3.1): exactly these spellings. */
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

/** Those of a job that has started and not ended. */
export const UNENDED_STATES = ['running', 'suspended'] as const;

/** Those of a job that ended, and not as its user wanted. */
export const FAILED_STATES = ['boot_fail', 'deadline', 'failed', 'node_fail', 'out_of_memory', 'timeout'] as const;

export function isUnended(state: JobState): boolean {
  return UNENDED_STATES.some((unended) => unended === state);
}

/** Those of a job that has ended, in whatever way. */
export const ENDED_STATES = JOB_STATES.filter((state) => state !== 'pending' && !isUnended(state));

export const SHARED = ['none', 'single_user', 'multi_user'] as const;
export type Shared = (typeof SHARED)[number];

/** 0 disabled, 1 running or archiving, 2 archiving failed, 3 archiving successful. */
export type MonitoringStatus = 0 | 1 | 2 | 3;

export interface Resource {
  hostname: string;
  configuration?: string;
  hwthreads?: number[];
  accelerators?: string[];
}

/** The resources of a job as they are stored, and what has to be known of them: a job of ten thousand nodes has a million values. */
export interface StoredResources {
  hosts: number;
  firstHost: string;
  /** A host has no name. */
  isUnnamed: boolean;
  /** What is wrong with the name of a host (job-bounds.ts). */
  problem: string | undefined;
  json: string;
}

export interface Tag {
  type: string;
  name: string;
  scope: string;
}

/**
 * A job as it is stored: what importers, the generator and later start_job make. Times are Unix seconds, durations
 * seconds, energy kWh. Nothing is null: cc-backend cannot read NULL in these columns (contract/database.md §2).
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
  startTime: number;
  /** Of a finished job: stop - start. Of a running one: what was stored last; answers compute it. */
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
  /** `metric_stat` -> value, or null for a job not yet updated. */
  footprint: Record<string, number> | null;
  /** metric -> kWh. */
  energyFootprint: Record<string, number> | null;
  metaData: Record<string, string> | null;
  tags: Tag[];
}

/** A member of a job that is one text or one number. */
export type JobProperty = keyof { [Name in keyof Job as Job[Name] extends string | number | bigint ? Name : never]: 0 };

/** A job as it is written: what a scheduler sends may be any 64-bit number, and nothing of it is rounded. */
export interface StorableJob extends Omit<Job, 'startTime' | 'walltime'> {
  startTime: number | bigint;
  walltime: number | bigint;
}
