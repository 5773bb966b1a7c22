import { UNENDED_STATES } from '../../jobs/job-enums.ts';

const UNENDED = UNENDED_STATES.map((state) => `'${state}'`).join(', ');

/** What timed work stores of a job whose end was not reported. */
export const ASSUMED_END = "job_state = 'failed', duration = walltime, monitoring_status = 2";

/** A row of `job` whose end is assumed: it is marked (migrations/0009), and nothing has changed it since. */
export const HAS_ASSUMED_END = `(job.job_state = 'failed' AND job.duration = job.walltime AND job.monitoring_status = 2
  AND EXISTS (SELECT 1 FROM ccjobs_assumed_ends AS assumed WHERE assumed.job_id = job.id))`;

/** A row of `job` whose end is not known, or only assumed. A record of its end ends it. */
export const HAS_OPEN_END = `(job.job_state IN (${UNENDED}) OR ${HAS_ASSUMED_END})`;

/** The same for a row of `job_cache`. */
export const HAS_OPEN_END_IN_CACHE = `(job_cache.job_state IN (${UNENDED}))`;
