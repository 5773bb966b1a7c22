import type { Range } from '../../jobs/filter.ts';
import type { Grouping } from '../../jobs/groups.ts';
import type { SortField } from '../../jobs/statistics.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface StatisticsOptions extends Grouping {
  readonly nowSec: number;
  /** SHORT_JOB_S: jobs with a shorter stored duration count as short. */
  readonly shortJobSec: number;
  /** Half-open. Seconds outside it do not count. The filter, not this range, selects the jobs. */
  readonly clip?: Range<bigint> | undefined;
  /** Descending. Without it, and among equal values, groups are in ascending order of their keys. */
  readonly sortBy?: SortField | undefined;
}

/** Totals of jobs as rows of JobsStatistics (src/jobs/statistics.ts has the formulas and their bounds). */
export interface StatisticsQuestion extends StatisticsOptions {
  readonly kind: 'statistics';
  readonly jobs: VisibleJobs;
}
