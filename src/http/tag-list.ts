import { Fault } from '../faults.ts';
import type { Tag } from '../jobs/job.ts';
import type { User } from '../jobs/user.ts';
import { mayWriteTags } from '../jobs/visibility.ts';
import { listOf } from './exact-json.ts';
import { TagBody } from './job-body.ts';

/** The body of the routes about tags. */
export const TagsBody = listOf(TagBody, 'tagsInBody')
  .nullable()
  .transform((tags) => tags ?? []);

/** The scope of a tag that names none. */
const DEFAULT_SCOPE = 'global';

/** Tags to be added: each with its scope, and a name. Throws invalid_request, and forbidden for a scope the user may not write. */
export function checkedTags(user: User, tags: readonly Tag[]): Tag[] {
  if (tags.some(isNameless)) throw new Fault('invalid_request', 'a tag needs a type and a name');
  const { tags: checked, leftOut } = tagsOfStart(user, tags);
  const [refused] = leftOut;
  if (refused !== undefined)
    throw new Fault('forbidden', `no right to write tags of scope ${JSON.stringify(refused.scope.slice(0, 100))}`);
  return checked;
}

/**
 * The tags of a job that starts: those the user may write, and the others, which the job does not get: without a type or a name, or of a
 * scope that is not the user's to write. A job is stored whatever its tags are.
 */
export function tagsOfStart(user: User, tags: readonly Tag[]): { tags: Tag[]; leftOut: Tag[] } {
  const scoped = tags.map(({ type, name, scope }): Tag => ({ type, name, scope: scope || DEFAULT_SCOPE }));
  const mayWrite = (tag: Tag) => !isNameless(tag) && mayWriteTags(user, tag.scope);
  return { tags: scoped.filter(mayWrite), leftOut: scoped.filter((tag) => !mayWrite(tag)) };
}

function isNameless({ type, name }: Tag): boolean {
  return type === '' || name === '';
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
