import type { DurationBins } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface HistogramsOptions {
  readonly bins: DurationBins;
  readonly nowSec: number;
}

/**
 * The points of four histograms (CountedValue), each ascending by value. Empty duration bins are absent: src/jobs/histograms.ts adds them.
 */
export interface HistogramsQuestion extends HistogramsOptions {
  readonly kind: 'histograms';
  readonly jobs: VisibleJobs;
}
