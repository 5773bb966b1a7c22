import type { Transaction } from '../driver/transaction.ts';

const WAITS = "job.job_state <> 'running' AND job.monitoring_status <> 0";
const AGAIN = 'ON CONFLICT (job_id) DO UPDATE SET changes = changes + 1';

/**
 * Notes that the archive's meta.json of a job has to follow what this transaction changes. A running job has none yet, nor has
 * one without monitoring.
 */
export async function noteArchiveChange(tx: Transaction, id: number | bigint): Promise<void> {
  await tx.run(`INSERT INTO ccjobs_archive_queue (job_id) SELECT id FROM job WHERE id = ? AND ${WAITS} ${AGAIN}`, [id]);
}

/** The same for every job with one of these tags. */
export async function noteTaggedJobs(tx: Transaction, tagIds: readonly bigint[]): Promise<void> {
  await tx.runEach(
    `INSERT INTO ccjobs_archive_queue (job_id)
     SELECT job.id FROM jobtag JOIN job ON job.id = jobtag.job_id WHERE jobtag.tag_id = ? AND ${WAITS} ${AGAIN}`,
    tagIds.map((id) => [id]),
  );
}

/** One job whose file has followed, as it stood in the queue; both are decimal text. */
export interface Followed {
  id: string;
  changes: string;
}

/** Takes jobs off the queue, but for those that have changed again since. */
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
