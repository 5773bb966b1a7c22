import type { PageRequest } from '../../jobs/order.ts';
import type { Group, SortField } from '../../jobs/statistics.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface StatisticsOptions {
  readonly nowSec: number;
  /** SHORT_JOB_S: jobs of a shorter stored duration count as short. */
  readonly shortJobSec: number;
  /** Without it one row for all jobs, zeros when there are none. */
  readonly groupBy?: Group | undefined;
  /** Descending; without it, and between equals, ascending by the group's key. */
  readonly sortBy?: SortField | undefined;
  /** Of the groups; without it all of them. Has no effect without groupBy. */
  readonly page?: PageRequest | undefined;
}

/** Totals of jobs, answered by rows of JobsStatistics (src/jobs/statistics.ts has the formulas and their bounds). */
export interface StatisticsQuestion extends StatisticsOptions {
  readonly kind: 'statistics';
  readonly jobs: VisibleJobs;
}
