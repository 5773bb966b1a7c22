import { Fault } from '../../faults.ts';
import { BOUNDS, refuseAbove } from '../../jobs/input-bounds.ts';
import type { Tag } from '../../jobs/job.ts';
import { isPublicScope } from '../../jobs/roles.ts';
import type { Transaction } from '../driver/transaction.ts';
import type { TaggedJob } from '../job-rows.ts';
import { plainRows } from '../statement.ts';

/**
 * Adds tags to jobs and creates missing tags. Existing links are kept. Returns the tags that exist in another scope
 * (type and name alone identify a tag). These tags are not added to any job.
 */
export async function linkTags(tx: Transaction, tagged: readonly TaggedJob[]): Promise<Tag[]> {
  const tags = [...new Map(tagged.map(({ tag }) => [JSON.stringify([tag.type, tag.name, tag.scope]), tag])).values()];
  await tx.runEach(
    'INSERT OR IGNORE INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)',
    tags.map(({ type, name, scope }) => [type, name, scope]),
  );
  await tx.runEach(
    `INSERT OR IGNORE INTO jobtag (job_id, tag_id)
     SELECT job.id, tag.id FROM job, tag
     WHERE job.job_id = ? AND job.cluster = ? AND job.start_time = ?
       AND tag.tag_type = ? AND tag.tag_name = ? AND tag.tag_scope = ?`,
    tagged.map(({ tag, jobId, cluster, startTime }) => [jobId, cluster, startTime, tag.type, tag.name, tag.scope]),
  );
  return await tx.read(tagsInOtherScopes(tags));
}

/**
 * Like linkTags, for one existing job. Throws `conflict` if a tag name is taken, or if a job or a user would exceed the
 * limit of tags.
 */
export async function tagJob(tx: Transaction, id: bigint, tagged: readonly TaggedJob[]): Promise<void> {
  await refuseBeyondPrivateBound(tx, tagged);
  const [refused] = await linkTags(tx, tagged);
  if (refused !== undefined) throw nameTaken(refused);
  await refuseTooManyTags(tx, id);
}

/** Throws `conflict` if a job has more tags than it may have. */
export async function refuseTooManyTags(tx: Transaction, id: bigint): Promise<void> {
  refuseAbove('tagsOfJob', await countOf(tx, 'SELECT CAST(count(*) AS TEXT) AS n FROM jobtag WHERE job_id = ?', id));
}

/** Throws `conflict` if the new tags would exceed the limit of their user. */
export async function refuseBeyondPrivateBound(tx: Transaction, tagged: readonly Pick<TaggedJob, 'tag'>[]) {
  if ((await beyondPrivateBound(tx, tagged)).length > 0) refuseAbove('privateTags', BOUNDS.privateTags.most + 1);
}

/**
 * The new private tags that exceed the limit of their user. A caller writes only its own private tags, so all of them
 * have one scope.
 */
export async function beyondPrivateBound(tx: Transaction, tagged: readonly Pick<TaggedJob, 'tag'>[]): Promise<Tag[]> {
  const own = tagged.map(({ tag }) => tag).filter(({ scope }) => !isPublicScope(scope));
  const [first] = own;
  if (first === undefined) return [];
  const count = await countOf(tx, 'SELECT CAST(count(*) AS TEXT) AS n FROM tag WHERE tag_scope = ?', first.scope);
  if (count + own.length <= BOUNDS.privateTags.most) return [];
  const ids = await knownTags(tx, own);
  return own.filter((_, at) => ids[at] === undefined).slice(Math.max(0, BOUNDS.privateTags.most - count));
}

async function countOf(tx: Transaction, sql: string, value: string | bigint): Promise<number> {
  const [row] = await tx.read(plainRows<{ n: string }>('count', ['n'], sql, [value]));
  return Number(row?.n ?? 0);
}

/** The database id of each tag. Undefined if no tag has this type, name and scope. */
export async function knownTags(tx: Transaction, tags: readonly Tag[]): Promise<(bigint | undefined)[]> {
  const ids: (bigint | undefined)[] = [];
  for (const { type, name, scope } of tags) {
    const [row] = await tx.read(
      plainRows<{ id: string }>(
        'tagByName',
        ['id'],
        'SELECT CAST(id AS TEXT) AS id FROM tag WHERE tag_type = ? AND tag_name = ? AND tag_scope = ? LIMIT 1',
        [type, name, scope],
      ),
    );
    ids.push(row === undefined ? undefined : BigInt(row.id));
  }
  return ids;
}

export function missingTag({ type, name }: Tag): Fault {
  return new Fault('not_found', `there is no tag ${shown(type)} / ${shown(name)} in this scope`);
}

export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** The message reveals neither the owner of the other tag nor whether it is private. */
export function nameTaken({ type, name }: Tag): Fault {
  return new Fault('conflict', `the tag ${shown(type)} / ${shown(name)} cannot be written: the name is taken`);
}

/** Returns the tags whose type and name exist in another scope. */
function tagsInOtherScopes(tags: readonly Tag[]) {
  const wanted = JSON.stringify(tags.map(({ type, name, scope }) => [type, name, scope]));
  return plainRows<Tag>(
    'tagsInOtherScopes',
    ['type', 'name', 'scope'],
    `SELECT wanted.value ->> 0 AS type, wanted.value ->> 1 AS name, wanted.value ->> 2 AS scope
        FROM json_each(?) AS wanted
        JOIN tag ON tag.tag_type = wanted.value ->> 0 AND tag.tag_name = wanted.value ->> 1
        WHERE tag.tag_scope <> wanted.value ->> 2
        ORDER BY wanted.id`,
    [wanted],
  );
}
