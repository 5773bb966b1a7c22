import type { Database } from '../db/port.ts';
import { storedStates } from '../db/statements/stored-states.ts';
import { within } from '../deadline.ts';
import type { Job } from '../jobs/job.ts';
import { isUnended, UNENDED_STATES } from '../jobs/job-enums.ts';
import type { JobWriter } from './run.ts';

const READ_LIMIT_MS = 60_000;

/**
 * Writes nothing, and answers what a writer would have done. Without a database nothing is stored yet. Remembers the key
 * of each job, some 100 MB for a million: a source may have several records of one job.
 */
export function dryRun(db: Database | undefined): JobWriter {
  /** Whether the job would be stored as one that has not ended. */
  const seen = new Map<string, boolean>();
  return (jobs) => async () => {
    const stored = await storedJobs(db, jobs);
    const counts = { inserted: 0, ended: 0 };
    for (const [at, job] of jobs.entries()) {
      const key = `${job.jobId} ${job.startTime} ${job.cluster}`;
      const isStoredUnended = seen.get(key) ?? stored.get(at);
      const endsNow = !isUnended(job.jobState) && job.jobState !== 'pending';
      if (isStoredUnended === undefined) counts.inserted++;
      else if (isStoredUnended && endsNow) counts.ended++;
      seen.set(key, isStoredUnended === undefined ? isUnended(job.jobState) : isStoredUnended && !endsNow);
    }
    return { ...counts, refusedRows: [], refusedTags: [] };
  };
}

/** By index: whether the stored job has not ended. */
async function storedJobs(db: Database | undefined, jobs: readonly Job[]): Promise<Map<number, boolean>> {
  if (db === undefined || jobs.length === 0) return new Map();
  const rows = await within(READ_LIMIT_MS, (deadline) => db.read(storedStates(jobs), deadline));
  return new Map(rows.map(({ at, state }) => [Number(at), UNENDED_STATES.some((unended) => unended === state)]));
}
