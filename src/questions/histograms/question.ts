import type { DurationBins } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

export interface HistogramsOptions {
  readonly bins: DurationBins;
  readonly nowSec: number;
}

/** The points of four histograms (CountedValue), each ascending. src/jobs/histograms.ts adds empty duration bins. */
export interface HistogramsQuestion extends HistogramsOptions {
  readonly kind: 'histograms';
  readonly jobs: VisibleJobs;
}
