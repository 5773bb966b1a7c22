import type { Condition } from '../../jobs/filter.ts';
import type { ListedJob } from '../list/listed-job-rows.ts';

/** The job whose concurrent jobs are wanted. */
export interface SharingJob {
  readonly cluster: string;
  readonly shared: string;
  readonly jobState: string;
  readonly startTime: number | bigint;
  /** Of a running job, until now. */
  readonly duration: number | bigint;
  /** Undefined if it has none. */
  readonly firstHost: string | undefined;
}

/** A job as a link. */
export type JobLink = Pick<ListedJob, 'id' | 'jobId'>;

export interface ConcurrentJobs {
  /** Jobs that have ended, then running ones, each by start. The first MOST_LINKS. */
  items: JobLink[];
  /** A query of the job lists for these jobs. */
  listQuery: string;
}

/** A job that shares its nodes with more jobs has a list that nobody reads. */
export const MOST_LINKS = 1_000;
/** Shorter jobs have no concurrent jobs. */
const LEAST_SEC = 600n;
/** Jobs that overlap by less are not concurrent: one followed the other. */
const OVERLAP_SEC = 200n;

interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** The time that a concurrent job must overlap. Undefined for a job that has none (contract/graphql.md §5). */
function spanOf({ shared, startTime, duration, firstHost }: SharingJob): Span | undefined {
  if (shared === 'none' || BigInt(duration) <= LEAST_SEC || firstHost === undefined) return undefined;
  const start = BigInt(startTime);
  return { from: start + OVERLAP_SEC, to: start + BigInt(duration) - OVERLAP_SEC };
}

/**
 * Conditions that match the concurrent jobs, the job itself, and few others: those that `isConcurrent` excludes.
 * Undefined for a job that has none.
 */
export function aboutConcurrent(job: SharingJob, nowSec: number): Condition[] | undefined {
  const span = spanOf(job);
  if (span === undefined || job.firstHost === undefined) return undefined;
  return [
    { kind: 'text', field: 'cluster', operator: 'is', values: [job.cluster] },
    { kind: 'text', field: 'node', operator: 'is', values: [job.firstHost] },
    { kind: 'during', range: { from: span.from, to: span.to + 1n }, nowSec },
  ];
}

/** The concurrent jobs among the matching ones, which are in the order of their starts. */
export function concurrentAmong(job: SharingJob, found: readonly ListedJob[]): ConcurrentJobs {
  const span = spanOf(job);
  const jobs = span === undefined ? [] : found.filter((one) => isConcurrent(one, span));
  const items = [
    ...jobs.filter(({ jobState }) => jobState !== 'running'),
    ...jobs.filter(({ jobState }) => jobState === 'running'),
  ].map(({ id, jobId }) => ({ id, jobId }));
  const parameters = [`cluster=${encodeURIComponent(job.cluster)}`, ...items.map(({ jobId }) => `jobId=${jobId}`)];
  return { items, listQuery: parameters.join('&') };
}

function isConcurrent({ jobState, startTime, duration }: ListedJob, { from, to }: Span): boolean {
  const start = BigInt(startTime);
  if (jobState === 'running') return start <= to;
  return start < to && start + BigInt(duration) > from;
}
