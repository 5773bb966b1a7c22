import { plainRows, type Statement } from '../statement.ts';
import type { StoredKey } from './stored-jobs.ts';

export interface ArchiveState {
  /** The index of the key. */
  at: number;
  /** 0 disabled, 1 running or archiving, 2 archiving failed, 3 archived. */
  monitoringStatus: number;
}

/** The monitoring status of those of the jobs with these keys that are stored, in `job_cache` as well. */
export function archiveStates(keys: readonly StoredKey[]): Statement<ArchiveState> {
  const wanted = JSON.stringify(keys.map(({ jobId, cluster, startTime }) => [`${jobId}`, cluster, `${startTime}`]));
  const from = (
    table: string,
  ) => `SELECT wanted.key AS at, CAST(${table}.monitoring_status AS INTEGER) AS monitoringStatus
    FROM json_each(?1) AS wanted CROSS JOIN ${table} ON ${table}.job_id = CAST(wanted.value ->> 0 AS INTEGER)
      AND ${table}.cluster = wanted.value ->> 1 AND ${table}.start_time = CAST(wanted.value ->> 2 AS INTEGER)`;
  // A job in both tables is the one in job.
  const sql = `${from('job_cache')} UNION ALL ${from('job')}`;
  return plainRows('archiveStates', ['at', 'monitoringStatus'], sql, [wanted]);
}
