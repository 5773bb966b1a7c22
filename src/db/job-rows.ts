import { JOB_FIELDS } from '../jobs/fields.ts';
import type { StorableJob, Tag } from '../jobs/job.ts';
import type { StartedJob } from '../jobs/started-job.ts';
import type { SqlValue } from './statement.ts';

/** Columns of table `job` that a new job sets, in the order of `JobRow`. `id` keeps its default. */
export const JOB_COLUMNS = [
  ...JOB_FIELDS.map(({ column }) => column),
  ...(['submit_time', 'meta_data', 'resources', 'smt', 'monitoring_status', 'energy_footprint', 'footprint'] as const),
];

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
    ...JOB_FIELDS.map(({ property }) => job[property] ?? 0),
    job.submitTime,
    jsonOf(job.metaData),
    jsonOf(job.resources),
    job.smt,
    job.monitoringStatus,
    job.energyFootprint === null ? null : JSON.stringify(job.energyFootprint),
    JSON.stringify(job.footprint),
  ];
}

/** A job that starts has its JSON columns as text already. */
function jsonOf(value: string | object | null): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
