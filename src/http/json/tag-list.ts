import { Fault } from '../../faults.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import type { Tag } from '../../jobs/job.ts';
import { tagProblem } from '../../jobs/job-validation.ts';
import { isPublicScope, type User } from '../../jobs/roles.ts';
import { mayWriteTags, requireWritesOwn } from '../../jobs/visibility.ts';
import { listOf } from './body-values.ts';
import { TagBody } from './job-body.ts';
import { refuseIf } from './job-key.ts';

/** The body of the routes about tags. */
export const TagsBody = listOf(TagBody, 'tagsInBody')
  .nullable()
  .transform((tags) => tags ?? []);

/** The scope of a tag whose scope is not set. */
const DEFAULT_SCOPE = 'global';

/** Returns the tags to add, each with its scope. Only the write can check how many tags the job then has. */
export function checkedTags(user: User, tags: readonly Tag[]): Tag[] {
  return tags.map((tag) => checkedTag(user, withScope(tag)));
}

/** Returns the tag to add. Throws invalid_request, and forbidden for a scope that the user may not write. */
export function checkedTag(user: User, tag: Tag): Tag {
  if (isNameless(tag)) throw new Fault('invalid_request', 'a tag needs a type and a name');
  if (isTooLong(tag)) throw new Fault('invalid_request', 'the type, name or scope of a tag is too long');
  refuseIf(tagProblem(tag));
  if (mayWriteTags(user, tag.scope)) return tag;
  throw new Fault('forbidden', `not allowed to write tags of scope ${JSON.stringify(tag.scope.slice(0, 100))}`);
}

/**
 * Splits the tags of a job that starts into those that it gets and those that are left out, since a job is stored
 * whatever its tags are. A tag is left out if:
 * - it has an empty type or name, is too long, or has a control character
 * - the user may not write its scope
 * - the job would have too many tags
 */
export function tagsOfStart(user: User, tags: readonly Tag[]): { tags: Tag[]; leftOut: Tag[] } {
  const kept: Tag[] = [];
  const leftOut: Tag[] = [];
  for (const tag of tags.map(withScope)) {
    const mayWrite =
      !isNameless(tag) && !isTooLong(tag) && tagProblem(tag) === undefined && mayWriteTags(user, tag.scope);
    if (mayWrite && kept.length < BOUNDS.tagsOfJob.most) kept.push(tag);
    else leftOut.push(shortened(tag));
  }
  return { tags: kept, leftOut };
}

function withScope({ type, name, scope }: Tag): Tag {
  return { type, name, scope: scope || DEFAULT_SCOPE };
}

function isNameless({ type, name }: Tag): boolean {
  return type === '' || name === '';
}

function isTooLong({ type, name, scope }: Tag): boolean {
  return type.length > BOUNDS.tagType.most || name.length > BOUNDS.tagName.most || scope.length > BOUNDS.text.most;
}

/** Cuts a tag to the bounds, for an answer and for the log. */
function shortened({ type, name, scope }: Tag): Tag {
  return {
    type: type.slice(0, BOUNDS.tagType.most),
    name: name.slice(0, BOUNDS.tagName.most),
    scope: scope.slice(0, BOUNDS.text.most),
  };
}

/**
 * Returns the tags to remove from a job. Ignores tags without a scope and private tags of others (contract/rest.md §6).
 * Throws `forbidden` if the user may not remove private tags.
 */
export function tagsNotOfOthers(user: User, tags: readonly Tag[]): Tag[] {
  const kept = tags.filter(({ scope }) => scope !== '' && (isPublicScope(scope) || scope === user.name));
  if (kept.some(({ scope }) => !isPublicScope(scope))) requireWritesOwn(user);
  return kept;
}

/** Returns the tags to delete everywhere. Private tags are ignored. */
export function deletableTags(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ scope }) => isPublicScope(scope));
}
