import type { Grouping } from '../../jobs/groups.ts';
import { refuseHiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { UnusedTotal } from '../../jobs/unused-hours.ts';
import { keysShownBy } from '../../jobs/used-fractions.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface UnusedOptions extends Grouping {
  /** Unix seconds at which the duration of running jobs ends. */
  readonly nowSec: number;
  /** Descending. Without it, and among equal values, groups are in ascending order of their keys. */
  readonly sortBy?: UnusedTotal | undefined;
}

/** What jobs asked for and did not use, as rows of Unused. */
export interface UnusedQuestion extends UnusedOptions {
  readonly kind: 'unused';
  readonly jobs: VisibleJobs;
}

/** Throws `forbidden` if a metric that the answer shows is hidden from the caller. */
export function unusedQuestion(jobs: VisibleJobs, options: UnusedOptions): UnusedQuestion {
  refuseHiddenMetrics(jobs.hidden, jobs.conditions, [...keysShownBy('cores-used'), ...keysShownBy('acc-used')]);
  return { kind: 'unused', jobs, ...options };
}
