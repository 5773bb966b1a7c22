import type { Deadline } from '../deadline.ts';
import type { JobDataRequest, RooflineRequest, ScopedMetricsRequest } from './archive-requests.ts';
import type { MetaChange } from './change-meta.ts';
import type { ArchiveJob } from './layout.ts';

/**
 * The job archive as the routes see it. Reads return JSON text to forward, or null if a file is missing or unreadable
 * (the log has the reason). All calls end at their deadline with its fault.
 */
export interface Archive {
  /**
   * One text per job, in the order of the jobs: `{metric: {unit, avg, min, max}}`. With `metrics`, only those, and `{}`
   * instead of null for a job without statistics.
   */
  statistics(jobs: readonly ArchiveJob[], deadline: Deadline, metrics?: readonly string[]): Promise<(string | null)[]>;
  /** Updates the meta.json of jobs, each completely or not at all. Ignores one that is missing or invalid. */
  follow(changes: readonly MetaChange[], deadline: Deadline): Promise<void>;
  /** The metric data of a job in the requested shape: up to some tens of MB of UTF-8, in pieces that stay separate. */
  jobData(request: Omit<JobDataRequest, 'kind'>, deadline: Deadline): Promise<readonly Uint8Array[] | null>;
  /**
   * The metrics of a job, each metric and scope as a text of its own in UTF-8 (scoped-metrics.ts). Throws
   * `invalid_request` if the resolution is not a multiple of a time step, or if the metrics are too many or too long.
   */
  scopedMetrics(request: Omit<ScopedMetricsRequest, 'kind'>, deadline: Deadline): Promise<readonly Uint8Array[] | null>;
  /** The counts of a roofline heat map, row by row: `[0,3,…]`. All are 0 if the job lacks one of the metrics. */
  roofline(request: Omit<RooflineRequest, 'kind'>, deadline: Deadline): Promise<string | null>;
}
