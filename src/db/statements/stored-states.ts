import { plainRows, type Statement } from '../statement.ts';

/** What makes a job one job. */
export interface StoredKey {
  jobId: number | bigint;
  cluster: string;
  startTime: number | bigint;
}

/** The states of those jobs that are stored, in `job_cache` as well. `at` is the index of the key. */
export function storedStates(keys: readonly StoredKey[]): Statement<{ at: string; state: string }> {
  const wanted = JSON.stringify(keys.map(({ jobId, cluster, startTime }) => [`${jobId}`, cluster, `${startTime}`]));
  const from = (table: string) => `SELECT CAST(wanted.key AS TEXT) AS at, CAST(job_state AS TEXT) AS state
    FROM json_each(?1) AS wanted CROSS JOIN ${table} AS stored ON stored.job_id = CAST(wanted.value ->> 0 AS INTEGER)
      AND stored.cluster = wanted.value ->> 1 AND stored.start_time = CAST(wanted.value ->> 2 AS INTEGER)`;
  // A job in both tables is the one in job.
  return plainRows('storedStates', ['at', 'state'], `${from('job_cache')} UNION ALL ${from('job')}`, [wanted]);
}
