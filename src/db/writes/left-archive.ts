import type { Transaction } from '../driver/transaction.ts';

export interface LeftArchiveInput {
  /** Job ids of the database as decimal text. */
  ids: readonly string[];
  /** If true, the jobs stay in the database. */
  keepsJobs: boolean;
}

/**
 * Records that the files of these jobs are no longer in the archive: deletes the jobs, or gives them the monitoring status
 * 0, so that nobody looks for their metric data.
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
