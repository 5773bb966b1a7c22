import { type TableColumn, typedColumns } from './export-format.ts';
import { type Grouping, groupMembers } from './groups.ts';
import type { Whole } from './statistics.ts';

/** The values of a group, in the order of an answer. */
export const UNUSED_TOTALS = [
  'totalJobs',
  'measuredJobs',
  'totalCoreHours',
  'measuredCoreHours',
  'idleCoreHours',
  'unusedWalltimeCoreHours',
  'totalAccHours',
  'measuredAccHours',
  'idleAccHours',
] as const;
export type UnusedTotal = (typeof UNUSED_TOTALS)[number];

/** A longer walltime counts as this one, 68 years, so that products with a number of cores have 64 bits. */
export const MOST_WALLTIME_SEC = 2n ** 31n - 1n;

/** Returns the members of a row of an answer, in order. */
export function unusedMembers(asked: Grouping): (keyof Unused)[] {
  return [...groupMembers(asked).map(({ id }) => id), ...UNUSED_TOTALS];
}

/** The same as the columns of a table. */
export function unusedColumns(asked: Grouping): TableColumn[] {
  const ids = groupMembers(asked).map(({ id }) => id);
  return [...typedColumns(ids, 'text'), ...typedColumns(UNUSED_TOTALS, 'whole')];
}

/**
 * What the jobs of one group, or all jobs (`id` is then ''), asked for and did not use. D is the duration, of a running
 * job until now. Sums are of whole seconds, and hours are rounded down after summing.
 *
 * - totalCoreHours = Σ(D * hardware threads), measuredCoreHours the same of jobs whose `cores-used` is known
 * - idleCoreHours: of the measured ones the part that was not used; none of a job that used more than all
 * - unusedWalltimeCoreHours = Σ((walltime - duration) * hardware threads) of jobs that ended before their walltime did
 * - totalAccHours, measuredAccHours, idleAccHours: the same of accelerators and `acc-used`
 * - measuredJobs: jobs with `cores-used` or `acc-used`
 */
export type Unused = Record<UnusedTotal, Whole> & {
  id: string;
  /** Of the second group, if there are two. */
  id2?: string;
};
