import { Fault } from '../../faults.ts';
import type { Tag } from '../../jobs/job.ts';
import type { Transaction } from '../driver/transaction.ts';
import { noteArchiveChange, noteTaggedJobs } from './archive-queue.ts';
import { type JobInsideQuery, jobInside } from './job-inside.ts';
import type { JobTextOutput } from './stop-job.ts';
import { knownTags, missingTag, tagJob } from './tag-rows.ts';

export interface TagJobInput {
  id: bigint;
  tags: readonly Tag[];
  show: JobInsideQuery;
}

/**
 * Puts tags on a job, making those that are not there. Throws not_found, or `conflict` for a tag whose name is taken and for too
 * many tags; then nothing has changed.
 */
export async function addTags(tx: Transaction, { id, tags, show }: TagJobInput): Promise<JobTextOutput> {
  const { jobId, cluster, startTime } = await findJob(tx, id, show);
  const key = { jobId: BigInt(jobId), cluster, startTime: BigInt(startTime) };
  await tagJob(
    tx,
    id,
    tags.map((tag) => ({ tag, ...key })),
  );
  await noteArchiveChange(tx, id);
  return { job: (await findJob(tx, id, show)).job };
}

/** Takes tags off a job; one that is not on it is passed over. Throws not_found for the job, and for a tag that is none. */
export async function removeTags(tx: Transaction, { id, tags, show }: TagJobInput): Promise<JobTextOutput> {
  await findJob(tx, id, show);
  const ids = await knownTags(tx, tags);
  const missing = tags.find((_, at) => ids[at] === undefined);
  if (missing !== undefined) throw missingTag(missing);
  await tx.runEach(
    'DELETE FROM jobtag WHERE job_id = ? AND tag_id = ?',
    ids.flatMap((tag) => (tag === undefined ? [] : [[id, tag]])),
  );
  await noteArchiveChange(tx, id);
  return { job: (await findJob(tx, id, show)).job };
}

/** Deletes tags everywhere. Throws not_found for one that is none; then none is deleted. */
export async function deleteTags(tx: Transaction, { tags }: { tags: readonly Tag[] }): Promise<{ deleted: number }> {
  const ids = await knownTags(tx, tags);
  const missing = tags.find((_, at) => ids[at] === undefined);
  if (missing !== undefined) throw missingTag(missing);
  const known = [...new Set(ids)].flatMap((tag) => (tag === undefined ? [] : [tag]));
  await noteTaggedJobs(tx, known);
  return {
    deleted: await tx.runEach(
      'DELETE FROM tag WHERE id = ?',
      known.map((tag) => [tag]),
    ),
  };
}

async function findJob(tx: Transaction, id: bigint, show: JobInsideQuery) {
  const job = await jobInside(tx, id, show);
  if (job === undefined) throw new Fault('not_found', `finding job with db id ${id} failed`);
  return job;
}
