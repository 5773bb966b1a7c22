import { Fault } from '../../faults.ts';
import type { Tag } from '../../jobs/job.ts';
import type { Transaction } from '../driver/transaction.ts';
import { isVisible, type JobInsideQuery } from '../sql/visible-job.ts';
import { plainRows, type SqlValue } from '../statement.ts';
import { noteArchiveChange, noteTaggedJobs } from './archive-queue.ts';
import { nameTaken, refuseBeyondPrivateBound, refuseTooManyTags, shown } from './tag-job.ts';

/** A tag with its database id, as decimal text because it may exceed 2^53. */
export interface StoredTag extends Tag {
  id: string;
}

/** The scopes of tags that the caller may read, and those that it may use for this write. */
export interface TagRights {
  reads: readonly string[];
  writes: readonly string[];
}

export interface TagsByIdInput {
  jobId: bigint;
  tagIds: readonly bigint[];
  rights: TagRights;
  /** Finds the job if the caller may see it. */
  job: JobInsideQuery;
}

/** Creates a tag. Throws `conflict` if its type and name are taken in any scope, or if the user has too many tags. */
export async function createTag(tx: Transaction, { tag }: { tag: Tag }): Promise<StoredTag> {
  const { type, name, scope } = tag;
  await refuseBeyondPrivateBound(tx, [{ tag }]);
  const added = await tx.run('INSERT OR IGNORE INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)', [
    type,
    name,
    scope,
  ]);
  const [stored] = await tx.read(storedTags('tag WHERE tag_type = ? AND tag_name = ? LIMIT 1', [type, name]));
  if (added === 0 || stored === undefined) throw nameTaken(tag);
  return stored;
}

/**
 * Adds existing tags to a job. Returns the tags of the job that the caller may read. Throws not_found for a job or a tag
 * that does not exist for the caller, forbidden for a tag of a scope that it may not write, and `conflict` for a tag
 * that the job already has, or for too many tags. Then nothing changes.
 */
export async function addTagsById(tx: Transaction, input: TagsByIdInput): Promise<{ tags: StoredTag[] }> {
  const tags = await foundTags(tx, input);
  const { jobId, rights } = input;
  const had = new Set((await tagsOfJob(tx, jobId, [...rights.reads, ...rights.writes])).map(({ id }) => id));
  for (const { id, type, name } of tags) {
    if (had.has(id)) throw new Fault('conflict', `the job already has the tag ${shown(type)} / ${shown(name)}`);
    had.add(id);
  }
  await tx.runEach(
    'INSERT OR IGNORE INTO jobtag (job_id, tag_id) VALUES (?, ?)',
    tags.map(({ id }) => [jobId, BigInt(id)]),
  );
  await refuseTooManyTags(tx, jobId);
  if (tags.length > 0) await noteArchiveChange(tx, jobId);
  return { tags: await tagsOfJob(tx, input.jobId, input.rights.reads) };
}

/** Removes tags from a job. Returns and throws as addTagsById does, but skips tags that the job does not have. */
export async function removeTagsById(tx: Transaction, input: TagsByIdInput): Promise<{ tags: StoredTag[] }> {
  const tags = await foundTags(tx, input);
  const removed = await tx.runEach(
    'DELETE FROM jobtag WHERE job_id = ? AND tag_id = ?',
    tags.map(({ id }) => [input.jobId, BigInt(id)]),
  );
  if (removed > 0) await noteArchiveChange(tx, input.jobId);
  return { tags: await tagsOfJob(tx, input.jobId, input.rights.reads) };
}

/** Deletes tags from the database and thus from all jobs. Throws not_found and forbidden; then no tag is deleted. */
export async function deleteTagsById(
  tx: Transaction,
  { tagIds, rights }: Pick<TagsByIdInput, 'tagIds' | 'rights'>,
): Promise<{ deleted: number }> {
  const ids = (await permittedTags(tx, [...new Set(tagIds)], rights)).map(({ id }) => BigInt(id));
  await noteTaggedJobs(tx, ids);
  return {
    deleted: await tx.runEach(
      'DELETE FROM tag WHERE id = ?',
      ids.map((id) => [id]),
    ),
  };
}

async function foundTags(tx: Transaction, { jobId, tagIds, rights, job }: TagsByIdInput): Promise<StoredTag[]> {
  if (!(await isVisible(tx, jobId, job))) throw new Fault('not_found', `finding job with db id ${jobId} failed`);
  return await permittedTags(tx, tagIds, rights);
}

/** The tags in the order of their ids in the request. A tag that the caller can neither read nor write does not exist. */
async function permittedTags(
  tx: Transaction,
  ids: readonly bigint[],
  { reads, writes }: TagRights,
): Promise<StoredTag[]> {
  const stored = new Map((await tx.read(tagsWithIds(ids))).map((tag) => [tag.id, tag]));
  return ids.map((id) => {
    const tag = stored.get(String(id));
    if (tag === undefined || ![...reads, ...writes].includes(tag.scope))
      throw new Fault('not_found', `there is no tag with the id ${id}`);
    if (writes.includes(tag.scope)) return tag;
    throw new Fault('forbidden', `not allowed to write tags of scope ${shown(tag.scope)}`);
  });
}

function tagsWithIds(ids: readonly bigint[]) {
  return storedTags('json_each(?) AS wanted CROSS JOIN tag ON tag.id = wanted.value', [`[${ids.join()}]`]);
}

/** The tags of the job in these scopes, by id. */
async function tagsOfJob(tx: Transaction, jobId: bigint, scopes: readonly string[]): Promise<StoredTag[]> {
  const scope = 'tag.tag_scope IN (SELECT value FROM json_each(?))';
  const from = `jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ? AND ${scope} ORDER BY tag.id`;
  return await tx.read(storedTags(from, [jobId, JSON.stringify(scopes.map((one) => one.toWellFormed()))]));
}

function storedTags(from: string, parameters: readonly SqlValue[]) {
  return plainRows<StoredTag>(
    'tags by id',
    ['id', 'type', 'name', 'scope'],
    `SELECT CAST(tag.id AS TEXT) AS id, CAST(tag.tag_type AS TEXT) AS type, CAST(tag.tag_name AS TEXT) AS name,
       CAST(tag.tag_scope AS TEXT) AS scope FROM ${from}`,
    parameters,
  );
}
