/** The bin tables of histDuration (contract/graphql.md §6.1): bins of `widthSec` from 0 on; longer jobs are dropped. */
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
/** Where nothing else is asked for. */
export const DEFAULT_DURATION_BINS = '1h' satisfies DurationBins;

/** `value`: in histDuration the upper edge in seconds, elsewhere the number itself. */
export interface HistogramPoint {
  value: number | bigint;
  count: number | bigint;
}

/** All four ascending by value; histDuration has every bin, the others only values that occur. */
export interface JobHistograms {
  histDuration: HistogramPoint[];
  histNumNodes: HistogramPoint[];
  histNumCores: HistogramPoint[];
  histNumAccs: HistogramPoint[];
}

/** How a metric is measured, from the cluster's configuration: its footprint key is `<metric>_<stat>`. */
export interface MetricScale {
  readonly metric: string;
  /** Prefix and base in one word, `GB/s`. */
  readonly unit: string;
  /** '' when no cluster has the metric as a footprint: its histogram is then all zeros. */
  readonly stat: string;
  /** The end of the last bin; larger values are dropped. */
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

/** Bins of a metric where nothing else is asked for, as in cc-backend. */
export const DEFAULT_METRIC_BINS = 10;
/** What the page of the statistics asks for. */
export const SHOWN_METRIC_BINS = 20;
/** More bins than any screen has columns. */
export const METRIC_BINS_LIMIT = 10_000;

/** A metric's name; others are skipped in silence, as the contract says. */
export function isMetricName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

/**
 * The bin of a value, from 1 on: trunc(value / peak * bins) + 1, and the peak itself is in the last bin. Undefined for what
 * falls outside. The SQL of src/questions/metric-histograms/sqlite.ts says the same.
 */
export function metricBin(value: number, peak: number, bins: number): number | undefined {
  if (!(peak > 0) || value > peak) return undefined;
  const bin = Math.min(Math.trunc((value / peak) * bins) + 1, bins);
  return bin < 1 ? undefined : bin;
}

/**
 * The points of a metric's histogram. The printed edges are whole numbers, step = floor(floor(peak) / n), as the contract
 * wants them on the wire: they differ from the real ones when the peak is no multiple of n.
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

/** One counted value of one of the four histograms, as the database answers it. */
export interface CountedValue {
  histogram: keyof JobHistograms;
  value: number | bigint;
  count: number;
}

/** The four histograms from counted values (ascending within each): adds the empty bins of the durations. */
export function jobHistogramsOf(bins: DurationBins, counted: readonly CountedValue[]): JobHistograms {
  const points = (histogram: keyof JobHistograms) =>
    counted.filter((row) => row.histogram === histogram).map(({ value, count }) => ({ value, count }));
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const durations = new Map(points('histDuration').map(({ value, count }) => [Number(value), count]));
  const edges = Array.from({ length: number }, (_, index) => (index + 1) * widthSec);
  return {
    histDuration: edges.map((value) => ({ value, count: durations.get(value) ?? 0 })),
    histNumNodes: points('histNumNodes'),
    histNumCores: points('histNumCores'),
    histNumAccs: points('histNumAccs'),
  };
}

/** How many jobs have a metric's value in a bin (from 1 on); `metric` counts the scales asked for from 0. */
export interface CountedBin {
  metric: number;
  bin: number;
  count: number;
}

/** The histograms of the scales asked for, in their order. */
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
