import type { StorableJob, Tag } from '../jobs/job.ts';
import type { StartedJob } from '../jobs/start.ts';
import type { SqlValue } from './statement.ts';

/** Columns of table `job` that a new job sets, in the order of `JobRow`. `id` and `submit_time` keep their defaults. */
export const JOB_COLUMNS = [
  'job_id',
  'cluster',
  'subcluster',
  'start_time',
  'hpc_user',
  'project',
  'cluster_partition',
  'array_job_id',
  'duration',
  'walltime',
  'job_state',
  'meta_data',
  'resources',
  'num_nodes',
  'num_hwthreads',
  'num_acc',
  'smt',
  'shared',
  'monitoring_status',
  'energy',
  'energy_footprint',
  'footprint',
] as const;

/** The values of JOB_COLUMNS. */
export type JobRow = SqlValue[];

/** A tag of a job that may not have an id yet. */
export interface TaggedJob {
  tag: Tag;
  jobId: number | bigint;
  cluster: string;
  startTime: number | bigint;
}

/** Jobs in the form in which they are sent to the writer. Flat rows take a third of the time of nested objects. */
export interface JobRows {
  rows: readonly JobRow[];
  tags: readonly TaggedJob[];
}

/** The rows of jobs. Text is written as TEXT, including JSON (contract/database.md §6). */
export function jobRows(jobs: readonly StorableJob[]): JobRows {
  return {
    rows: jobs.map(jobRow),
    tags: jobs.flatMap(({ tags, jobId, cluster, startTime }) =>
      tags.map((tag) => ({ tag, jobId, cluster, startTime })),
    ),
  };
}

/** The values of JOB_COLUMNS for one job. */
export function jobRow(job: StorableJob | StartedJob): JobRow {
  return [
    job.jobId,
    job.cluster,
    job.subCluster,
    job.startTime,
    job.user,
    job.project,
    job.partition,
    job.arrayJobId,
    job.duration,
    job.walltime,
    job.jobState,
    jsonOf(job.metaData),
    jsonOf(job.resources),
    job.numNodes,
    job.numHwthreads,
    job.numAcc,
    job.smt,
    job.shared,
    job.monitoringStatus,
    job.energy,
    job.energyFootprint === null ? null : JSON.stringify(job.energyFootprint),
    JSON.stringify(job.footprint),
  ];
}

/** A job that starts has its JSON columns as text already. */
function jsonOf(value: string | object | null): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
