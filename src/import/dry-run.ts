import type { Statement } from '../db/statement.ts';
import { storedJobs } from '../db/statements/stored-jobs.ts';
import { hasEnded, isUnended } from '../jobs/job-enums.ts';
import type { JobWriter } from './import-jobs.ts';

/** Reads from the database into which the jobs would come. */
export interface StoredJobsReader {
  read<Row>(statement: Statement<Row>): Row[];
}

/** There is no database yet, so nothing is stored. */
export const NOTHING_STORED: StoredJobsReader = { read: () => [] };

/**
 * Writes nothing, and answers what a writer would have done. Remembers the key of each job, some 100 MB for a million: a
 * source may have several records of one job.
 */
export function dryRun(stored: StoredJobsReader): JobWriter {
  /** Whether the job would be stored with an open end. */
  const seen = new Map<string, boolean>();
  return (jobs) => async () => {
    const rows = jobs.length === 0 ? [] : stored.read(storedJobs(jobs));
    const openEnds = new Map(rows.map(({ at, hasOpenEnd }) => [at, hasOpenEnd === 1]));
    const counts = { inserted: 0, ended: 0 };
    for (const [at, { jobId, startTime, cluster, jobState }] of jobs.entries()) {
      const key = `${jobId} ${startTime} ${cluster}`;
      const isOpen = seen.get(key) ?? openEnds.get(at);
      const ends = isOpen === true && hasEnded(jobState);
      if (isOpen === undefined) counts.inserted++;
      if (ends) counts.ended++;
      seen.set(key, isOpen === undefined ? isUnended(jobState) : isOpen && !ends);
    }
    return { ...counts, refusedRows: [], refusedTags: [] };
  };
}
