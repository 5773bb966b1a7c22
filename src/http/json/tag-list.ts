import { Fault } from '../../faults.ts';
import { BOUNDS } from '../../jobs/bounds.ts';
import type { Tag } from '../../jobs/job.ts';
import { tagProblem } from '../../jobs/job-bounds.ts';
import { isPublicScope, type User } from '../../jobs/roles.ts';
import { mayWriteTags } from '../../jobs/visibility.ts';
import { TagBody } from './job-body.ts';
import { refuseIf } from './job-key.ts';
import { listOf } from './lossless-json.ts';

/** The body of the routes about tags. */
export const TagsBody = listOf(TagBody, 'tagsInBody')
  .nullable()
  .transform((tags) => tags ?? []);

/** The scope of a tag that names none. */
const DEFAULT_SCOPE = 'global';

/**
 * Tags to be added: each with its scope, and a name. Throws invalid_request, and forbidden for a scope the user may not write. TagBody has
 * checked how long they are; how many a job may have only the write can tell, since the job may have some of them already.
 */
export function checkedTags(user: User, tags: readonly Tag[]): Tag[] {
  if (tags.some(isNameless)) throw new Fault('invalid_request', 'a tag needs a type and a name');
  for (const tag of tags) refuseIf(tagProblem(tag));
  const scoped = tags.map(withScope);
  const refused = scoped.find(({ scope }) => !mayWriteTags(user, scope));
  if (refused !== undefined)
    throw new Fault('forbidden', `not allowed to write tags of scope ${JSON.stringify(refused.scope.slice(0, 100))}`);
  return scoped;
}

/**
 * The tags of a job that starts: those the user may write, and the others, which the job does not get: without a type or a name, too
 * long, too many, with a control character, or of a scope that is not the user's to write. A job is stored whatever its tags are.
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

/** As it is named in an answer and in the log. */
function shortened({ type, name, scope }: Tag): Tag {
  return {
    type: type.slice(0, BOUNDS.tagType.most),
    name: name.slice(0, BOUNDS.tagName.most),
    scope: scope.slice(0, BOUNDS.text.most),
  };
}

/** Tags to be removed from a job: those without a scope, and private ones of others, are passed over (contract/rest.md §6). */
export function removableTags(user: User, tags: readonly Tag[]): Tag[] {
  return tags.filter(({ scope }) => scope !== '' && (isPublicScope(scope) || scope === user.name));
}

/** Tags to be deleted everywhere: private ones are passed over. */
export function deletableTags(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ scope }) => isPublicScope(scope));
}
