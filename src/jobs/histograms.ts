/** The maximum number of bins of a duration: the column index groups by the number of a bin in one byte. */
export const DURATION_BINS_LIMIT = 256;

/**
 * The bins of histDuration (contract/graphql.md §6.1). They start at 0 and are `widthSec` wide. Longer jobs are left
 * out. `24h` is the span of all bins; its bins are 1 h wide.
 */
export const DURATION_BINS = {
  '1m': { widthSec: 60, bins: 60 },
  '10m': { widthSec: 600, bins: 72 },
  '1h': { widthSec: 3600, bins: 48 },
  '6h': { widthSec: 21_600, bins: 12 },
  '12h': { widthSec: 43_200, bins: 14 },
  '24h': { widthSec: 3600, bins: 24 },
} as const;
export type DurationBins = keyof typeof DURATION_BINS;
export const DURATION_BINS_NAMES = Object.keys(DURATION_BINS) as DurationBins[];
/** The default of the API. */
export const DEFAULT_DURATION_BINS = '1h' satisfies DurationBins;

/** `value` is the upper edge in seconds in histDuration and histWait, and the number itself in the other histograms. */
export interface HistogramPoint {
  value: number | bigint;
  count: number | bigint;
}

/** Histograms, each ascending by value. Those of seconds have every bin, the others only values that occur. */
export interface JobHistograms {
  histDuration: HistogramPoint[];
  /** Only if it was requested. Jobs whose wait is unknown are left out. */
  histWait?: HistogramPoint[];
  histNumNodes: HistogramPoint[];
  histNumCores: HistogramPoint[];
  histNumAccs: HistogramPoint[];
}

/** The scale of a metric, from the cluster configuration. The footprint key of the metric is `<metric>_<stat>`. */
export interface MetricScale {
  readonly metric: string;
  /** Prefix and base as one word: `GB/s`. */
  readonly unit: string;
  /** '' if the footprints of no cluster have the metric. All counts of its histogram are then 0. */
  readonly stat: string;
  /** The end of the last bin. Larger values are left out. */
  readonly peak: number;
}

export interface MetricHistogramPoint {
  bin: number;
  count: number;
  min: number;
  max: number;
}

export interface MetricHistogram {
  metric: string;
  unit: string;
  stat: string;
  data: MetricHistogramPoint[];
}

/** The default number of bins, as in cc-backend. */
export const DEFAULT_METRIC_BINS = 10;
/** The number of bins on the statistics page. */
export const SHOWN_METRIC_BINS = 20;
/** The maximum number of bins, more than any screen has columns. */
export const METRIC_BINS_LIMIT = 10_000;

/** Returns true if the text can be the name of a metric. Other names are ignored, as the contract requires. */
export function isMetricName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

/**
 * Returns the bin of a value, starting at 1: trunc(value / peak * bins) + 1. The peak itself is in the last bin.
 * Returns undefined for a value outside all bins. The SQL in src/questions/metric-histograms/sqlite.ts computes the
 * same.
 */
export function metricBin(value: number, peak: number, bins: number): number | undefined {
  if (!(peak > 0) || value > peak) return undefined;
  const bin = Math.min(Math.trunc((value / peak) * bins) + 1, bins);
  return bin < 1 ? undefined : bin;
}

/**
 * Returns the points of a metric's histogram. The edges in the answer are whole numbers, step = floor(floor(peak) / n),
 * as the contract requires. They differ from the real edges unless the peak is a multiple of n.
 */
export function metricHistogram(
  scale: MetricScale,
  bins: number,
  counts: ReadonlyMap<number, number>,
): MetricHistogram {
  const step = Math.floor(Math.floor(scale.peak) / bins);
  const data = Array.from({ length: bins }, (_, index) => ({
    bin: index + 1,
    count: counts.get(index + 1) ?? 0,
    min: step * index,
    max: step * (index + 1),
  }));
  return { metric: scale.metric, unit: scale.unit, stat: scale.stat, data };
}

/** A value of one of the histograms with its count, as returned by the database. */
export interface CountedValue {
  histogram: keyof JobHistograms;
  value: number | bigint;
  count: number;
}

/** Builds the histograms from counted values in ascending order. Adds the empty bins of seconds. */
export function jobHistogramsOf(bins: DurationBins, counted: readonly CountedValue[], withWait = false): JobHistograms {
  const points = (histogram: keyof JobHistograms) =>
    counted.filter((row) => row.histogram === histogram).map(({ value, count }) => ({ value, count }));
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const edges = Array.from({ length: number }, (_, index) => (index + 1) * widthSec);
  const withEmptyBins = (histogram: 'histDuration' | 'histWait') => {
    const counts = new Map(points(histogram).map(({ value, count }) => [Number(value), count]));
    return edges.map((value) => ({ value, count: counts.get(value) ?? 0 }));
  };
  return {
    histDuration: withEmptyBins('histDuration'),
    ...(withWait ? { histWait: withEmptyBins('histWait') } : {}),
    histNumNodes: points('histNumNodes'),
    histNumCores: points('histNumCores'),
    histNumAccs: points('histNumAccs'),
  };
}

/** The number of jobs with a metric's value in a bin, starting at 1. `metric` is the index of the requested scale. */
export interface CountedBin {
  metric: number;
  bin: number;
  count: number;
}

/** Builds the histograms of the requested scales, in their order. */
export function metricHistogramsOf(
  scales: readonly MetricScale[],
  bins: number,
  counted: readonly CountedBin[],
): MetricHistogram[] {
  return scales.map((scale, index) => {
    const own = counted.filter((row) => row.metric === index).map((row) => [row.bin, row.count] as const);
    return metricHistogram(scale, bins, new Map(own));
  });
}
