import { Fault } from '../faults.ts';
import type { Condition, JobFilter } from './filter.ts';
import { type HiddenMetrics, refuseHiddenConditions } from './hidden-metrics.ts';
import type { Tag } from './job.ts';
import { isPublicScope, type Reach, rightsOf, type User, wider } from './roles.ts';
import { GROUPS, type Group } from './statistics.ts';

/** A filter that holds what its caller may see. `visibleTo` makes it, and every statement about jobs wants one. */
export interface VisibleJobs {
  readonly conditions: JobFilter;
  /** Tags of these scopes the caller may read: in answers, and in conditions. */
  readonly tagScopes: readonly string[];
  /** Tags shown in answers whatever their scope: those the caller has just added. */
  readonly alsoTags?: readonly Tag[];
  /** Metrics that are left out of answers; undefined: none. */
  readonly hidden?: HiddenMetrics | undefined;
  /** The jobs whose user is named in answers; undefined: all of them. */
  readonly named?: Condition | undefined;
}

/** For writes that ask nobody's rights to a job (contract/auth.md §6): all jobs, and no tags. */
export const EVERY_JOB: VisibleJobs = { conditions: [], tagScopes: [] };

/**
 * The filter limited to the jobs this user may see (contract/graphql.md §2). Throws `forbidden` for roles that see no jobs at all, and
 * for a filter by something that is hidden from the user.
 */
export function visibleTo(user: User, filter: JobFilter = [], hidden?: HiddenMetrics): VisibleJobs {
  const { jobs, names } = rightsOf(user);
  if (jobs === 'none') throw new Fault('forbidden', 'the roles of this token do not allow reading jobs');
  refuseHiddenConditions(hidden, filter);
  const hidesNames = wider<Reach>(names, jobs) !== names;
  if (hidesNames && filter.some((condition) => condition.kind === 'text' && condition.field === 'user')) {
    throw new Fault('forbidden', 'the names of users are hidden');
  }
  return {
    conditions: jobs === 'all' ? filter : [...filter, ownedBy(user, jobs)],
    tagScopes: readableScopes(user),
    ...(hidden === undefined ? {} : { hidden }),
    ...(hidesNames ? { named: ownedBy(user, names) } : {}),
  };
}

function ownedBy(user: User, reach: Reach): Condition {
  return { kind: 'owner', user: user.name, projects: reach === 'projects' ? user.projects : [] };
}

/** By what these jobs may be grouped, the usual choice first. */
export function groupsFor({ named }: VisibleJobs): readonly [Group, ...Group[]] {
  const [, ...others] = GROUPS; // the first is the user
  return named === undefined ? GROUPS : others;
}

/** Whether a user may write tags of a scope (contract/rest.md §7). */
export function mayWriteTags(user: User, scope: string): boolean {
  return isPublicScope(scope) ? rightsOf(user).writesTags.includes(scope) : scope === user.name;
}

/**
 * The tag scopes a user may read (contract/rest.md §7). A user who is called `admin` or `global` has no private scope:
 * it would be the scope of that name.
 */
export function readableScopes(user: User): string[] {
  const { readsTags } = rightsOf(user);
  return isPublicScope(user.name) ? [...readsTags] : [...readsTags, user.name];
}
