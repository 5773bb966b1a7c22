import type { DurationBins, JobHistograms, MetricHistogram, MetricScale } from '../../jobs/histograms.ts';
import type { JobsStatistics } from '../../jobs/statistics.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { HistogramsQuestion } from '../histograms/question.ts';
import { type MetricHistogramsQuestion, metricHistogramsQuestion } from '../metric-histograms/question.ts';
import type { StatisticsOptions, StatisticsQuestion } from '../statistics/question.ts';

/** Several questions about the same jobs. */
export interface OverviewOptions extends Pick<StatisticsOptions, 'nowSec' | 'shortJobSec' | 'clip' | 'zone'> {
  /** Totals of all jobs, or groups of them. */
  readonly statistics?: readonly Pick<StatisticsOptions, 'groupBy' | 'sortBy' | 'page' | 'most'>[];
  /** The histograms of jobs, by each of these widths. `clip` does not shorten durations. */
  readonly histograms?: readonly DurationBins[];
  /** Adds that of waits to each of them. */
  readonly withWait?: boolean | undefined;
  readonly metricHistograms?: readonly { readonly scales: readonly MetricScale[]; readonly bins: number }[];
}

/** The answers, in the order of the options. */
export interface Overview {
  readonly statistics: JobsStatistics[][];
  readonly histograms: JobHistograms[];
  readonly metricHistograms: MetricHistogram[][];
}

/** Its answer has an element for each part: the rows of that question. */
export interface OverviewQuestion extends Pick<OverviewOptions, 'nowSec' | 'shortJobSec' | 'clip' | 'zone'> {
  readonly kind: 'overview';
  readonly jobs: VisibleJobs;
  /** Questions about these jobs, at the same time and with the same limit and range. */
  readonly parts: readonly OverviewPart[];
}

export type OverviewPart =
  | Omit<StatisticsQuestion, 'jobs'>
  | Omit<HistogramsQuestion, 'jobs'>
  | Omit<MetricHistogramsQuestion, 'jobs'>;

/** The parts are in the order of `Overview`, without metric histograms of nothing. Throws `forbidden` for a hidden metric. */
export function overviewQuestion(jobs: VisibleJobs, options: OverviewOptions): OverviewQuestion {
  const {
    nowSec,
    shortJobSec,
    clip,
    zone,
    withWait,
    statistics = [],
    histograms = [],
    metricHistograms = [],
  } = options;
  const common = { nowSec, shortJobSec, clip, zone };
  return {
    kind: 'overview',
    jobs,
    ...common,
    parts: [
      ...statistics.map((each) => ({ kind: 'statistics' as const, ...common, ...each })),
      ...histograms.map((bins) => ({ kind: 'histograms' as const, bins, nowSec, withWait })),
      ...metricHistograms
        .filter(({ scales }) => scales.length > 0)
        .map(({ scales, bins }) => {
          const { jobs: _, ...part } = metricHistogramsQuestion(jobs, scales, bins);
          return part;
        }),
    ],
  };
}
