import { Fault } from '../../faults.ts';
import type { Tag } from '../../jobs/job.ts';
import type { TaggedJob } from '../job-rows.ts';
import { plainRows } from '../statement.ts';
import type { Transaction } from '../transaction.ts';

/**
 * Puts tags on jobs, making those that are not there; one that is on its job already stays. Returns the tags that exist in
 * another scope (a tag is known by type and name alone): these were put on no job.
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

/** As linkTags. Throws `conflict` for a tag that exists in another scope. */
export async function tagJobs(tx: Transaction, tagged: readonly TaggedJob[]): Promise<void> {
  const [refused] = await linkTags(tx, tagged);
  if (refused !== undefined) throw inOtherScope(refused);
}

/** The database id of each tag, undefined where there is none of this type, name and scope. */
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
  return new Fault('not_found', `there is no tag ${shown(type)} / ${shown(name)} of this scope`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function inOtherScope({ type, name }: Tag): Fault {
  return new Fault('conflict', `the tag ${shown(type)} / ${shown(name)} is taken: choose another type or name`);
}

/** Of some tags those whose type and name exist in another scope. */
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
