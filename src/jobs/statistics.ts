import { type TableColumn, typedColumns } from './export-format.ts';
import { type Grouping, groupMembers } from './groups.ts';

/** The values of a group, in the order of an answer. */
export const TOTALS = [
  'totalJobs',
  'totalUsers',
  'runningJobs',
  'shortJobs',
  'totalWalltime',
  'totalNodes',
  'totalNodeHours',
  'totalCores',
  'totalCoreHours',
  'totalAccs',
  'totalAccHours',
] as const;
export type Total = (typeof TOTALS)[number];

/** A clipped answer also has the sums in seconds: the truncated hours of twelve months do not add up to the year's. */
export const CLIPPED_SECONDS = [
  'totalWalltimeSeconds',
  'totalNodeSeconds',
  'totalCoreSeconds',
  'totalAccSeconds',
] as const;
export type ClippedSeconds = (typeof CLIPPED_SECONDS)[number];

/** Returns the sums of an answer. `clip` is that of the question. */
export function totalsOf({ clip }: { readonly clip?: unknown }): readonly (Total | ClippedSeconds)[] {
  return clip === undefined ? TOTALS : [...TOTALS, ...CLIPPED_SECONDS];
}

/** Returns the members of a row of an answer, in order. */
export function statisticsMembers(asked: { readonly clip?: unknown } & Grouping): (keyof JobsStatistics)[] {
  return [...groupMembers(asked).flatMap(({ id, name }) => [id, name]), ...totalsOf(asked)];
}

/** The same as the columns of a table. */
export function statisticsColumns(asked: { readonly clip?: unknown } & Grouping): TableColumn[] {
  const names = groupMembers(asked).flatMap(({ id, name }) => [id, name]);
  return [...typedColumns(names, 'text'), ...typedColumns(totalsOf(asked), 'whole')];
}

/** The sort orders of groups: descending, ties by the group's key ascending (its UTF-8 bytes). */
export type SortField = Exclude<Total, 'runningJobs' | 'shortJobs'>;
export const SORT_FIELDS = TOTALS.filter(
  (total): total is SortField => total !== 'runningJobs' && total !== 'shortJobs',
);

/** The default order. */
export const DEFAULT_SORT_FIELD = 'totalCoreHours' satisfies SortField;

/** A whole number: a bigint if a number would round it. */
export type Whole = number | bigint;

/**
 * The statistics of one group, or of all jobs (`id` and `name` are then ''). D is max(0, now - start) for running jobs
 * and the stored duration for others. Sums are exact; hours are rounded down after summing (contract/graphql.md §6).
 * With `clip` [A, B), the seconds of a job inside replace D: max(0, min(start + D, B) - max(start, A)).
 *
 * - totalWalltime = floor(ΣD / 3600), totalNodeHours = floor(Σ(D * numNodes) / 3600), and so on
 * - totalNodes, totalCores, totalAccs = Σ per job
 * - shortJobs: stored duration below the limit, running jobs included
 *
 * A sum is exact if each D * n fits in 63 bits. A start far before 1970 may exceed that; 15 digits are then right. A
 * total beyond 63 bits reads as 2^63 - 1.
 */
export type JobsStatistics = Record<Total, Whole> &
  Partial<Record<ClippedSeconds, Whole>> & {
    id: string;
    /** The name of the account, or the type and name of the tag. '' for other groups. */
    name: string;
    /** Of the second group, if there are two. */
    id2?: string;
    name2?: string;
  };
