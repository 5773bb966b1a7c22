import { HAS_OPEN_END, HAS_OPEN_END_IN_CACHE } from '../sql/assumed-end.ts';
import { plainRows, type Statement } from '../statement.ts';

/** What makes a job one job. */
export interface StoredKey {
  jobId: number | bigint;
  cluster: string;
  startTime: number | bigint;
}

export interface StoredJob {
  /** The index of the key. */
  at: number;
  /** 1 if a record of its end would end it. */
  hasOpenEnd: number;
}

/** Those of the jobs with these keys that are stored, in `job_cache` as well. */
export function storedJobs(keys: readonly StoredKey[]): Statement<StoredJob> {
  const wanted = JSON.stringify(keys.map(({ jobId, cluster, startTime }) => [`${jobId}`, cluster, `${startTime}`]));
  const from = (table: string, hasOpenEnd: string) => `SELECT wanted.key AS at, ${hasOpenEnd} AS hasOpenEnd
    FROM json_each(?1) AS wanted CROSS JOIN ${table} ON ${table}.job_id = CAST(wanted.value ->> 0 AS INTEGER)
      AND ${table}.cluster = wanted.value ->> 1 AND ${table}.start_time = CAST(wanted.value ->> 2 AS INTEGER)`;
  // A job in both tables is the one in job.
  const sql = `${from('job_cache', HAS_OPEN_END_IN_CACHE)} UNION ALL ${from('job', HAS_OPEN_END)}`;
  return plainRows('storedJobs', ['at', 'hasOpenEnd'], sql, [wanted]);
}
