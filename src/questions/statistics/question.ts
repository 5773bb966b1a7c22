import type { Range } from '../../jobs/filter.ts';
import type { PageRequest } from '../../jobs/paging.ts';
import type { Group, SortField } from '../../jobs/statistics.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface StatisticsOptions {
  readonly nowSec: number;
  /** SHORT_JOB_S: jobs with a shorter stored duration count as short. */
  readonly shortJobSec: number;
  /** Half-open. Seconds outside it do not count. The filter, not this range, selects the jobs. */
  readonly clip?: Range<bigint> | undefined;
  /** Without it there is one row for all jobs, with zeros if there are none. */
  readonly groupBy?: Group | undefined;
  /** Descending. Without it, and among equal values, groups are in ascending order of their key. */
  readonly sortBy?: SortField | undefined;
  /** A page of the groups. Without it all are returned. Has no effect without groupBy. */
  readonly page?: PageRequest | undefined;
}

/** Totals of jobs as rows of JobsStatistics (src/jobs/statistics.ts has the formulas and their bounds). */
export interface StatisticsQuestion extends StatisticsOptions {
  readonly kind: 'statistics';
  readonly jobs: VisibleJobs;
}
