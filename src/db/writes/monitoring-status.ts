import type { Transaction } from '../driver/transaction.ts';
import type { StoredKey } from '../statements/stored-jobs.ts';

export interface LeftArchiveInput {
  /** Job ids of the database as decimal text. */
  ids: readonly string[];
  /** If true, the jobs stay in the database. */
  keepsJobs: boolean;
}

/**
 * Records that the files of these jobs are no longer in the archive: deletes the jobs, or gives them the monitoring
 * status 0, so that no program looks for their metric data.
 */
export async function leftArchive(tx: Transaction, { ids, keepsJobs }: LeftArchiveInput): Promise<{ changed: number }> {
  const sql = keepsJobs
    ? 'UPDATE job SET monitoring_status = 0 WHERE id = ? AND monitoring_status <> 0'
    : 'DELETE FROM job WHERE id = ?';
  return {
    changed: await tx.runEach(
      sql,
      ids.map((id) => [BigInt(id)]),
    ),
  };
}

/**
 * Records that the metric data of an archived job cannot be read: gives it the monitoring status 2 (archiving failed).
 */
export async function lostInArchive(tx: Transaction, { job }: { job: StoredKey }): Promise<{ changed: number }> {
  const sql = `UPDATE job SET monitoring_status = 2
    WHERE job_id = ? AND cluster = ? AND start_time = ? AND monitoring_status = 3`;
  return { changed: await tx.run(sql, [job.jobId, job.cluster, job.startTime]) };
}
