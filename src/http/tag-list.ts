import { Fault } from '../faults.ts';
import type { Tag } from '../jobs/job.ts';
import type { User } from '../jobs/user.ts';
import { mayWriteTags } from '../jobs/visibility.ts';
import { listOf } from './exact-json.ts';
import { TagBody } from './job-body.ts';

/** The body of the routes about tags. */
export const TagsBody = listOf(TagBody)
  .nullable()
  .transform((tags) => tags ?? []);

/** The scope of a tag that names none. */
const DEFAULT_SCOPE = 'global';

/** Tags to be added: each with its scope, and a name. Throws invalid_request, and forbidden for a scope the user may not write. */
export function checkedTags(user: User, tags: readonly Tag[]): Tag[] {
  return tags.map(({ type, name, scope }) => {
    if (type === '' || name === '') throw new Fault('invalid_request', 'a tag needs a type and a name');
    const tag = { type, name, scope: scope || DEFAULT_SCOPE };
    if (!mayWriteTags(user, tag.scope))
      throw new Fault('forbidden', `no right to write tags of scope ${JSON.stringify(tag.scope.slice(0, 100))}`);
    return tag;
  });
}

/**
 * Tags of a job that starts: those that the user may put on it, with their scope, and those that are left out, as they were sent. A job
 * is stored whatever its tags are.
 */
export function startTags(user: User, tags: readonly Tag[]): { tags: Tag[]; leftOut: Tag[] } {
  const may = ({ type, name, scope }: Tag) => type !== '' && name !== '' && mayWriteTags(user, scope || DEFAULT_SCOPE);
  return {
    tags: tags.filter(may).map((tag) => ({ ...tag, scope: tag.scope || DEFAULT_SCOPE })),
    leftOut: tags.filter((tag) => !may(tag)),
  };
}

/** Tags to be removed from a job: those without a scope, and private ones of others, are passed over (contract/rest.md §6). */
export function removableTags(user: User, tags: readonly Tag[]): Tag[] {
  return tags.filter(({ scope }) => scope !== '' && (isPublic(scope) || scope === user.name));
}

/** Tags to be deleted everywhere: private ones are passed over. */
export function deletableTags(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ scope }) => isPublic(scope));
}

function isPublic(scope: string): boolean {
  return scope === 'global' || scope === 'admin';
}
