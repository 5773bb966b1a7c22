import { JOB_FIELDS } from '../jobs/fields.ts';
import type { StorableJob, Tag } from '../jobs/job.ts';
import { UNFILTERED_NUMBERS } from '../jobs/number-fields.ts';
import type { StartedJob } from '../jobs/started-job.ts';
import type { SqlValue } from './statement.ts';

const SET_BY_FIELDS = [...JOB_FIELDS, ...UNFILTERED_NUMBERS];

/** Columns of table `job` that a new job sets, in the order of `JobRow`. `id` keeps its default. */
export const JOB_COLUMNS = [
  ...SET_BY_FIELDS.map(({ column }) => column),
  ...(['meta_data', 'resources', 'energy_footprint', 'footprint'] as const),
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
    ...SET_BY_FIELDS.map(({ property }) => job[property] ?? 0),
    jsonOf(job.metaData),
    jsonOf(job.resources),
    job.energyFootprint === null ? null : JSON.stringify(job.energyFootprint),
    JSON.stringify(job.footprint),
  ];
}

/** A job that starts has its JSON columns as text already. */
function jsonOf(value: string | object | null): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
