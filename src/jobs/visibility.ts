import { Fault } from '../faults.ts';
import type { Condition, JobFilter } from './filter.ts';
import { type HiddenMetrics, refuseHiddenConditions } from './hidden-metrics.ts';
import type { Tag } from './job.ts';
import { isMachine, isStaff, type User } from './roles.ts';

/** A filter that holds what its caller may see. `visibleTo` makes it, and every statement about jobs wants one. */
export interface VisibleJobs {
  readonly conditions: JobFilter;
  /** Tags of these scopes the caller may read: in answers, and in conditions. */
  readonly tagScopes: readonly string[];
  /** Tags shown in answers whatever their scope: those the caller has just added. */
  readonly alsoTags?: readonly Tag[];
  /** Metrics that are left out of answers; undefined: none. */
  readonly hidden?: HiddenMetrics | undefined;
}

/** For writes that ask nobody's rights to a job (contract/auth.md §6): all jobs, and no tags. */
export const EVERY_JOB: VisibleJobs = { conditions: [], tagScopes: [] };

/**
 * The filter limited to the jobs this user may see (contract/graphql.md §2; the first match wins). Throws `forbidden`
 * for roles that see no jobs at all, and for a filter by a metric that is hidden from him.
 */
export function visibleTo(user: User, filter: JobFilter = [], hidden?: HiddenMetrics): VisibleJobs {
  const rule = ruleFor(user);
  refuseHiddenConditions(hidden, filter);
  const conditions = rule === 'all' ? filter : [...filter, rule];
  return { conditions, tagScopes: readableScopes(user), ...(hidden === undefined ? {} : { hidden }) };
}

function ruleFor(user: User): Condition | 'all' {
  if (isMachine(user) || isStaff(user)) return 'all';
  if (user.roles.has('manager')) return { kind: 'owner', user: user.name, projects: user.projects };
  if (user.roles.has('user')) return { kind: 'owner', user: user.name, projects: [] };
  throw new Fault('forbidden', 'the roles of this token see no jobs');
}

/** Whether a user may write tags of a scope (contract/rest.md §7). */
export function mayWriteTags(user: User, scope: string): boolean {
  if (scope === 'global') return isMachine(user) || isStaff(user);
  if (scope === 'admin') return isMachine(user) || user.roles.has('admin');
  return scope === user.name;
}

/**
 * The tag scopes a user may read (contract/rest.md §7). A user who is called `admin` or `global` has no private scope:
 * it would be the scope of that name.
 */
export function readableScopes(user: User): string[] {
  const scopes = ['global'];
  if (isStaff(user)) scopes.push('admin');
  if (user.name !== 'global' && user.name !== 'admin') scopes.push(user.name);
  return scopes;
}
