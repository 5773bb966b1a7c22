import { Fault } from '../../faults.ts';
import { refuseAbove } from '../../jobs/input-bounds.ts';
import type { Transaction } from '../driver/transaction.ts';
import { type JobInsideQuery, jobInside } from '../sql/visible-job.ts';
import { plainRows } from '../statement.ts';
import { noteArchiveChange } from './archive-queue.ts';
import type { JobKey } from './cached-jobs.ts';
import { newestJob } from './find-job.ts';
import type { JobTextOutput } from './stop-job.ts';

export interface MetaEntry {
  key: string;
  value: string;
}

/**
 * Sets one metadata entry of a job. Throws not_found if the job does not exist or is not visible, `conflict` if the
 * metadata grows too large.
 */
export async function editMeta(
  tx: Transaction,
  { id, entry, show }: { id: bigint; entry: MetaEntry; show: JobInsideQuery },
): Promise<JobTextOutput> {
  if ((await jobInside(tx, id, show)) === undefined)
    throw new Fault('not_found', `finding job with db id ${id} failed`);
  // json_patch takes the key as a value, so caller text never becomes part of a path. Invalid stored JSON is replaced.
  await tx.run(
    `UPDATE job SET meta_data = json_patch(
       CASE WHEN json_valid(CAST(meta_data AS TEXT)) THEN
         CASE json_type(CAST(meta_data AS TEXT)) WHEN 'object' THEN CAST(meta_data AS TEXT) ELSE '{}' END
       ELSE '{}' END, json_object(?, ?))
     WHERE id = ?`,
    [entry.key, entry.value, id],
  );
  const [size] = await tx.read(
    plainRows<{ entries: string; bytes: string }>(
      'metadata size',
      ['entries', 'bytes'],
      `SELECT CAST((SELECT count(*) FROM json_each(job.meta_data)) AS TEXT) AS entries,
         CAST(length(CAST(meta_data AS BLOB)) AS TEXT) AS bytes FROM job WHERE id = ?`,
      [id],
    ),
  );
  refuseAbove('metaEntries', Number(size?.entries ?? 0));
  refuseAbove('metaTotal', Number(size?.bytes ?? 0));
  await noteArchiveChange(tx, id);
  const changed = await jobInside(tx, id, show);
  if (changed === undefined) throw new Error(`job ${id} no longer exists`);
  return { job: changed.job };
}

/**
 * Does what `editMeta` does, for the newest job of a key and for any caller. Throws not_found with status 422
 * (contract/rest.md §6).
 */
export async function editMetaOf(
  tx: Transaction,
  { key, entry, show }: { key: JobKey; entry: MetaEntry; show: JobInsideQuery },
): Promise<JobTextOutput> {
  const found = await newestJob(tx, key);
  if (found === undefined) throw new Fault('not_found', `finding job failed: no job ${key.jobId}`, { status: 422 });
  return await editMeta(tx, { id: BigInt(found.id), entry, show });
}
