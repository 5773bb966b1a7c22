import { Fault } from '../../faults.ts';
import type { DeleteCursor, OmitTagged } from '../../jobs/retention-options.ts';
import type { Transaction } from '../driver/transaction.ts';
import { NOT_KEPT } from '../sql/kept-by-tags.ts';
import { plainRows } from '../statement.ts';
import { type JobKey, moveCachedJobs } from './cached-jobs.ts';
import { newestJob } from './find-job.ts';

/** Deletes a job and its tag links. A missing job is not an error. */
export async function deleteJob(tx: Transaction, { id }: { id: bigint }): Promise<Record<string, never>> {
  await tx.run('DELETE FROM job WHERE id = ?', [id]);
  return {};
}

/** Deletes the newest job of a key. Throws not_found with status 422 (contract/rest.md §6). */
export async function deleteJobOf(tx: Transaction, { key }: { key: JobKey }): Promise<{ id: string }> {
  const found = await newestJob(tx, key);
  if (found === undefined) throw new Fault('not_found', `finding job failed: no job ${key.jobId}`, { status: 422 });
  await deleteJob(tx, { id: BigInt(found.id) });
  return { id: found.id };
}

export interface DeleteJobsInput {
  /** Unix seconds. Jobs that started earlier are deleted. */
  before: number | bigint;
  omit: OmitTagged;
  /** The most jobs to examine and delete in this transaction. */
  limit: number;
  /** The end of the previous batch, so that the jobs it kept are not examined again. */
  after: DeleteCursor | undefined;
}

export interface DeleteJobsOutput {
  deleted: number;
  /** Undefined if nothing is left to delete. */
  last: DeleteCursor | undefined;
}

/** Deletes one batch of old jobs, including running jobs, oldest first. */
export async function deleteJobsBefore(tx: Transaction, input: DeleteJobsInput): Promise<DeleteJobsOutput> {
  const { before, omit, limit, after } = input;
  if (after === undefined) await moveCachedJobs(tx);
  const place = after === undefined ? '' : 'AND (start_time, id) > (?, ?)';
  const found = await tx.read(
    plainRows<DeleteCursor>(
      'jobsBefore',
      ['startTime', 'id'],
      `SELECT CAST(start_time AS TEXT) AS startTime, CAST(id AS TEXT) AS id FROM job
       WHERE start_time < ? ${place} AND ${NOT_KEPT[omit]} ORDER BY start_time, id LIMIT ?`,
      [before, ...(after === undefined ? [] : [BigInt(after.startTime), BigInt(after.id)]), limit],
    ),
  );
  const deleted = await tx.runEach(
    'DELETE FROM job WHERE id = ?',
    found.map(({ id }) => [BigInt(id)]),
  );
  return { deleted, last: found.length < limit ? undefined : found.at(-1) };
}
