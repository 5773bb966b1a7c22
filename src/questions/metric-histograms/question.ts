import { refuseHiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { MetricScale } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

/**
 * The number of jobs in each bin of each metric (CountedBin, as defined by metricBin in src/jobs/histograms.ts). Empty
 * bins are left out. A scale without a stat, with a peak of 0 or with an invalid name has no rows.
 */
export interface MetricHistogramsQuestion {
  readonly kind: 'metric histograms';
  readonly jobs: VisibleJobs;
  readonly scales: readonly MetricScale[];
  readonly bins: number;
}

/** Throws `forbidden` for a metric that is hidden from the caller. */
export function metricHistogramsQuestion(
  jobs: VisibleJobs,
  scales: readonly MetricScale[],
  bins: number,
): MetricHistogramsQuestion {
  const keys = scales.flatMap(({ metric, stat }) => [metric, `${metric}_${stat}`]);
  refuseHiddenMetrics(jobs.hidden, jobs.conditions, keys);
  return { kind: 'metric histograms', jobs, scales, bins };
}
