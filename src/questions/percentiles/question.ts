import { METRIC } from '../../jobs/fields.ts';
import type { Grouping } from '../../jobs/groups.ts';
import { refuseHiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { Measure } from '../../jobs/percentiles.ts';
import { keysShownBy } from '../../jobs/used-fractions.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface PercentilesOptions extends Grouping {
  readonly of: Measure;
  /** From 0 to 100, with at most PERCENTILE_DIGITS decimal places. */
  readonly percentiles: readonly number[];
  /** Unix seconds at which the duration of running jobs ends. */
  readonly nowSec: number;
}

/** Percentiles of a number of jobs (PercentilesRow). */
export interface PercentilesQuestion extends PercentilesOptions {
  readonly kind: 'percentiles';
  readonly jobs: VisibleJobs;
}

/** Throws `forbidden` for a metric that is hidden from the caller. */
export function percentilesQuestion(jobs: VisibleJobs, options: PercentilesOptions): PercentilesQuestion {
  const { of } = options;
  const keys = of.startsWith(METRIC) ? [of.slice(METRIC.length)] : keysShownBy(of);
  refuseHiddenMetrics(jobs.hidden, jobs.conditions, keys);
  return { kind: 'percentiles', jobs, ...options };
}
