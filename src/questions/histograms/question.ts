import type { DurationBins } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface HistogramsOptions {
  readonly bins: DurationBins;
  readonly nowSec: number;
  /** Adds the histogram of waits, which no summary answers. */
  readonly withWait?: boolean | undefined;
}

/** The points of the histograms (CountedValue), each ascending. src/jobs/histograms.ts adds empty bins of seconds. */
export interface HistogramsQuestion extends HistogramsOptions {
  readonly kind: 'histograms';
  readonly jobs: VisibleJobs;
}
