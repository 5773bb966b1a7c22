import type { Deadline } from '../deadline.ts';
import type { MetaChange } from './change-meta.ts';
import type { ArchiveJob } from './layout.ts';
import type { JobDataRequest } from './requests.ts';

/**
 * The job archive as the routes see it. Reading answers JSON text to forward, null where a file is missing or unreadable (the
 * log has the reason). All end with their deadline, with its fault.
 */
export interface Archive {
  /** One text for each job, in their order: `{metric: {unit, avg, min, max}}`. */
  statistics(jobs: readonly ArchiveJob[], deadline: Deadline): Promise<(string | null)[]>;
  /** Brings the meta.json of some jobs up to date, each wholly or not at all; one that is missing or broken is left alone. */
  follow(changes: readonly MetaChange[], deadline: Deadline): Promise<void>;
  /** The metric data of a job in the shape asked for: up to some tens of MB, as UTF-8 in pieces that are never joined. */
  jobData(request: Omit<JobDataRequest, 'kind'>, deadline: Deadline): Promise<readonly Uint8Array[] | null>;
}
