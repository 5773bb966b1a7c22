import { Fault } from '../faults.ts';
import type { Condition, JobFilter } from './filter.ts';
import { GROUPS, type Group } from './groups.ts';
import { type HiddenMetrics, refuseHiddenConditions, refuseHiddenMetrics } from './hidden-metrics.ts';
import type { Tag } from './job.ts';
import { footprintKeyOf, type OrderColumn } from './list-order.ts';
import type { NodePeaks } from './node-peaks.ts';
import { isPublicScope, type Reach, reachesLess, rightsOf, type User } from './roles.ts';
import { keysShownBy } from './used-fractions.ts';

/**
 * A filter limited to the jobs that its caller may see. `visibleTo` makes it. Every statement about jobs requires one.
 */
export interface VisibleJobs {
  readonly conditions: JobFilter;
  /** The scopes of tags that the caller may read, in answers and in conditions. */
  readonly tagScopes: readonly string[];
  /** Tags shown in answers whatever their scope: the caller has just added them. */
  readonly alsoTags?: readonly Tag[];
  /** Metrics left out of answers. Undefined: none. */
  readonly hidden?: HiddenMetrics | undefined;
  /** The jobs whose user is named in answers. Undefined: all. */
  readonly named?: Condition | undefined;
  /** What nodes can use at most, for fractions of it. Without it they are unknown. */
  readonly nodePeaks?: readonly NodePeaks[] | undefined;
}

/** All jobs and no tags, for writes that need no right to a job (contract/auth.md §6). */
export const EVERY_JOB: VisibleJobs = { conditions: [], tagScopes: [] };

/**
 * Limits a filter to the jobs this user may see (contract/graphql.md §2). Throws `forbidden` if the user's roles see no
 * jobs, or if the filter uses something hidden from the user.
 */
export function visibleTo(user: User, filter: JobFilter = [], hidden?: HiddenMetrics): VisibleJobs {
  const { jobs, names } = rightsOf(user);
  if (jobs === 'none') throw new Fault('forbidden', 'the roles of this token do not allow reading jobs');
  refuseHiddenConditions(hidden, filter);
  const hidesNames = reachesLess(names, jobs);
  if (hidesNames && filter.some((condition) => condition.kind === 'text' && condition.field === 'user')) {
    throw namesHidden();
  }
  return {
    conditions: jobs === 'all' ? filter : [...filter, ownedBy(user, jobs)],
    tagScopes: readableScopes(user),
    ...(hidden === undefined ? {} : { hidden }),
    ...(hidesNames ? { named: ownedBy(user, names) } : {}),
  };
}

/** Throws `forbidden` for an order by something hidden from the caller, since positions in a list would reveal it. */
export function refuseHiddenOrder({ conditions, hidden, named }: VisibleJobs, column: OrderColumn): void {
  const key = footprintKeyOf(column);
  refuseHiddenMetrics(hidden, conditions, key === undefined ? keysShownBy(column) : [key]);
  if (column === 'user' && named !== undefined) throw namesHidden();
}

export function namesHidden(): Fault {
  return new Fault('forbidden', 'the names of users are hidden');
}

function ownedBy(user: User, reach: Reach): Condition {
  return { kind: 'owner', user: user.name, projects: reach === 'projects' ? user.projects : [] };
}

/** Returns the groups that statistics of these jobs may use. */
export function groupsFor({ named }: VisibleJobs): readonly Group[] {
  return named === undefined ? GROUPS : GROUPS.filter((group) => group !== 'user');
}

/** Returns true if a user may write tags of a scope (contract/rest.md §7). */
export function mayWriteTags(user: User, scope: string): boolean {
  return writableScopes(user).includes(scope);
}

/** Returns the tag scopes a user may read (contract/rest.md §7). */
export function readableScopes(user: User): string[] {
  return [...rightsOf(user).readsTags, ...privateScopes(user)];
}

/** Returns the scopes whose tags a user may create, and add to and remove from jobs (contract/rest.md §7). */
export function writableScopes(user: User): string[] {
  return [...rightsOf(user).writesTags, ...writablePrivateScopes(user)];
}

/** Returns the scopes whose tags a user may delete everywhere (contract/graphql.md §8). */
export function deletableScopes(user: User): string[] {
  return [...rightsOf(user).deletesTags, ...writablePrivateScopes(user)];
}

/** A user named `admin` or `global` has no private scope, since it would be the public scope of that name. */
function privateScopes({ name }: User): string[] {
  return isPublicScope(name) ? [] : [name];
}

function writablePrivateScopes(user: User): string[] {
  return rightsOf(user).writesOwn ? privateScopes(user) : [];
}

/** Throws `forbidden` unless the user may write what belongs to the user alone. */
export function requireWritesOwn(user: User): void {
  if (rightsOf(user).writesOwn) return;
  throw new Fault('forbidden', 'the roles of this account do not allow saving tags, filters or settings');
}

/** Returns true if a user may read the name and address of an account (contract/graphql.md §2). */
export function mayReadAccount(user: User, username: string): boolean {
  return username === user.name || rightsOf(user).readsAccounts;
}
