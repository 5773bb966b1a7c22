import type { DurationBins, MetricScale } from '../jobs/histograms.ts';
import type { ListOrder } from '../jobs/listed-job.ts';
import type { PageRequest, Slice } from '../jobs/order.ts';
import type { Group, SortField } from '../jobs/statistics.ts';
import type { VisibleJobs } from '../jobs/visibility.ts';

/**
 * What a statement asks, as data: for those that a column index can answer as well (src/columns/), with the same rows in the same
 * order.
 */
export type ColumnQuestion =
  | { readonly kind: 'count'; readonly jobs: VisibleJobs }
  | {
      readonly kind: 'statistics';
      readonly jobs: VisibleJobs;
      readonly nowSec: number;
      readonly shortJobSec: number;
      readonly groupBy?: Group | undefined;
      readonly sortBy?: SortField | undefined;
      readonly page?: PageRequest | undefined;
    }
  | { readonly kind: 'histograms'; readonly jobs: VisibleJobs; readonly bins: DurationBins; readonly nowSec: number }
  | {
      readonly kind: 'metric histograms';
      readonly jobs: VisibleJobs;
      readonly scales: readonly MetricScale[];
      readonly bins: number;
    }
  | ({
      readonly kind: 'places';
      readonly jobs: VisibleJobs;
      /** Left out: newest first. Only then there is `after`. */
      readonly sorted?: ListOrder & { readonly nowSec: number };
    } & Slice);

export type StatisticsQuestion = Extract<ColumnQuestion, { kind: 'statistics' }>;
export type HistogramsQuestion = Extract<ColumnQuestion, { kind: 'histograms' }>;
export type MetricQuestion = Extract<ColumnQuestion, { kind: 'metric histograms' }>;
export type PlacesQuestion = Extract<ColumnQuestion, { kind: 'places' }>;
