import { wholeOf } from '../../db/sql/sql-rows.ts';
import { fullTags, MOST_FULL_TAGS } from '../../db/statements/readable-tags.ts';
import type { StoredTag } from '../../db/writes/tags-by-id.ts';
import { checkedTag } from '../../http/json/tag-list.ts';
import type { Tag } from '../../jobs/job.ts';
import { deletableScopes, readableScopes, writableScopes } from '../../jobs/visibility.ts';
import { visibleJobQuery } from '../../questions/one-job/sqlite.ts';
import { idOf, idsOf } from '../argument-values.ts';
import type { QueryContext } from '../context.ts';
import type { Resolvers } from './resolver.ts';

interface TagsOfJobArgs {
  job: string;
  tagIds: readonly string[];
}

export const TAGS: Resolvers = {
  Query: {
    async tags(_, _args, context) {
      const db = context.request.get('db');
      const scopes = readableScopes(context.user);
      const tags = await context.once(['tags'], (deadline) => db.read(fullTags(scopes), deadline));
      if (tags.length > MOST_FULL_TAGS) context.noteCut({ tags: MOST_FULL_TAGS });
      return tags.slice(0, MOST_FULL_TAGS);
    },
  },
  Mutation: {
    async createTag(_, { type, name, scope }: Tag, context) {
      const db = context.request.get('db');
      const tag = checkedTag(context.user, { type, name, scope });
      return shown(await context.run((deadline) => db.write('createTag', { tag }, deadline)));
    },
    addTagsToJob: (_, args: TagsOfJobArgs, context) => changed('addTagsById', args, context),
    removeTagsFromJob: (_, args: TagsOfJobArgs, context) => changed('removeTagsById', args, context),
    async deleteTag(_, { id: text }: { id: string }, context) {
      const id = idOf(text);
      await deleted([id], context);
      return id;
    },
    async removeTagFromList(_, { tagIds: texts }: { tagIds: readonly string[] }, context) {
      const ids = idsOf(texts, 'tagIds');
      await deleted(ids, context);
      return ids;
    },
  },
};

/** Each tag is changed, or none. Returns the tags of the job that the caller may read. */
async function changed(
  write: 'addTagsById' | 'removeTagsById',
  { job, tagIds: texts }: TagsOfJobArgs,
  context: QueryContext,
) {
  const tagIds = idsOf(texts, 'tagIds');
  if (tagIds.length === 0) return [];
  const db = context.request.get('db');
  const rights = { reads: readableScopes(context.user), writes: writableScopes(context.user) };
  const input = { jobId: idOf(job, 'job'), tagIds, rights, job: visibleJobQuery(context.visible()) };
  const { tags } = await context.run((deadline) => db.write(write, input, deadline));
  context.service.archiveChanged?.();
  return tags.map(shown);
}

async function deleted(tagIds: readonly bigint[], context: QueryContext): Promise<void> {
  const db = context.request.get('db');
  const rights = { reads: readableScopes(context.user), writes: deletableScopes(context.user) };
  await context.run((deadline) => db.write('deleteTagsById', { tagIds, rights }, deadline));
  context.service.archiveChanged?.();
}

function shown(tag: StoredTag) {
  return { ...tag, id: wholeOf(tag.id) };
}
