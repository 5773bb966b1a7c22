/** What one can group statistics by; the groups of `subcluster` merge equal names of different clusters. */
export const GROUPS = ['user', 'project', 'cluster', 'subcluster'] as const;
export type Group = (typeof GROUPS)[number];

/** What is counted and summed of a group, in the order of an answer. */
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

/** What one can sort groups by: descending, ties by the group's key ascending (its UTF-8 bytes). */
export type SortField = Exclude<Total, 'runningJobs' | 'shortJobs'>;
export const SORT_FIELDS = TOTALS.filter(
  (total): total is SortField => total !== 'runningJobs' && total !== 'shortJobs',
);

/** Where nothing else is asked for. */
export const DEFAULT_SORT_FIELD = 'totalCoreHours' satisfies SortField;

/** A whole number: a bigint where a number would round it. */
export type Whole = number | bigint;

/**
 * One group, or all jobs (`id` and `name` are then ''). D is max(0, now - start) for running jobs and the stored duration
 * for others; sums are whole, hours are cut to whole ones after summing (contract/graphql.md §6):
 *
 * - totalWalltime = floor(ΣD / 3600), totalNodeHours = floor(Σ(D * numNodes) / 3600), and so on
 * - totalNodes, totalCores, totalAccs = Σ per job
 * - shortJobs: stored duration below the limit, running jobs included
 *
 * Exact while each D * n fits in 63 bits (a start far before 1970 may break that; then 15 digits are right); a total
 * beyond 63 bits reads as 2^63 - 1.
 */
export interface JobsStatistics extends Record<Total, Whole> {
  id: string;
  /** Of groups by user only: the account's name, '' without one. */
  name: string;
}
