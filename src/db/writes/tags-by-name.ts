import { Fault } from '../../faults.ts';
import type { Tag } from '../../jobs/job.ts';
import type { Transaction } from '../driver/transaction.ts';
import { type JobInsideQuery, jobInside } from '../sql/visible-job.ts';
import { noteArchiveChange, noteTaggedJobs } from './archive-queue.ts';
import type { JobTextOutput } from './stop-job.ts';
import { knownTags, missingTag, tagJob } from './tag-job.ts';

export interface TagJobInput {
  id: bigint;
  tags: readonly Tag[];
  show: JobInsideQuery;
}

/**
 * Adds tags to a job and creates missing tags. Throws not_found, or `conflict` if a tag name is taken or there are too
 * many tags; then nothing changes.
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

/** Removes tags from a job. Tags that the job does not have are skipped. Throws not_found for an unknown job or tag. */
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

/** Deletes tags from the database. Throws not_found if one is unknown; then no tag is deleted. */
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
