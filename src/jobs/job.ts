import type { JobState, MonitoringStatus, Shared } from './job-enums.ts';
import type { JobNumber, NumberField } from './number-fields.ts';

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
  /** The problem with the name of a host (job-validation.ts). */
  problem: string | undefined;
  json: string;
}

export interface Tag {
  type: string;
  name: string;
  scope: string;
}

/** The numbers of a job. Those that no code but that of the fields knows are optional: absent is 0. */
type OtherNumbers = Partial<Record<JobNumber['property'], number | bigint>>;

/**
 * A job to be stored, as made by the imports and the generator. start_job makes a StorableJob. Times are Unix seconds,
 * durations seconds, energy kWh. Nothing is stored as NULL: cc-backend cannot read it in these columns
 * (contract/database.md §2).
 */
export interface Job extends OtherNumbers {
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

/** A job to be written. A scheduler may send any 64-bit number, which must not be rounded. */
export type StorableJob = {
  [Name in keyof Job]: Name extends NumberField['property'] ? Job[Name] | bigint : Job[Name];
};
