import type { Transaction } from '../driver/transaction.ts';

const WAITS = "job.job_state <> 'running' AND job.monitoring_status <> 0";
const AGAIN = 'ON CONFLICT (job_id) DO UPDATE SET changes = changes + 1';

/**
 * Records that the job's meta.json in the archive must be updated after this transaction. Running jobs and jobs without
 * monitoring are skipped, because they have no such file yet.
 */
export async function noteArchiveChange(tx: Transaction, id: number | bigint): Promise<void> {
  await tx.run(`INSERT INTO ccjobs_archive_queue (job_id) SELECT id FROM job WHERE id = ? AND ${WAITS} ${AGAIN}`, [id]);
}

/** Does what `noteArchiveChange` does, for each job that has one of these tags. */
export async function noteTaggedJobs(tx: Transaction, tagIds: readonly bigint[]): Promise<void> {
  await tx.runEach(
    `INSERT INTO ccjobs_archive_queue (job_id)
     SELECT job.id FROM jobtag JOIN job ON job.id = jobtag.job_id WHERE jobtag.tag_id = ? AND ${WAITS} ${AGAIN}`,
    tagIds.map((id) => [id]),
  );
}

/** A job whose meta.json is up to date, as it was in the queue. Both fields are decimal text. */
export interface Followed {
  id: string;
  changes: string;
}

/** Removes jobs from the queue, except those that have changed again since. */
export async function archiveFollowed(
  tx: Transaction,
  { jobs }: { jobs: readonly Followed[] },
): Promise<{ done: number }> {
  const done = await tx.runEach(
    'DELETE FROM ccjobs_archive_queue WHERE job_id = ? AND changes = ?',
    jobs.map(({ id, changes }) => [BigInt(id), BigInt(changes)]),
  );
  return { done };
}
