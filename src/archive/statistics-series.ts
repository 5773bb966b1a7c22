import type { Series, StatisticsSeries } from './read-data.ts';

/** With at least this many series, their statistics are added, so that a client may draw three lines instead of all. */
export const SERIES_FOR_STATISTICS = 8;
/** A time step with fewer samples has no statistics. */
const MINIMUM_SAMPLES = 3;

/**
 * Minimum, median and maximum over all series for each time step. As in cc-backend, the mean stays empty, and the
 * median is taken over all series with 0 for missing samples.
 */
export function statisticsSeriesOf(series: readonly Series[]): StatisticsSeries {
  const steps = series.reduce((most, { data }) => Math.max(most, data.length), 0);
  const min: (number | null)[] = [];
  const median: (number | null)[] = [];
  const max: (number | null)[] = [];
  const values = new Float64Array(series.length);
  for (let step = 0; step < steps; step++) {
    let count = 0;
    let smallest = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    for (const [index, { data }] of series.entries()) {
      const value = data[step] ?? Number.NaN; // missing samples are null in a file, NaN after down-sampling
      values[index] = Number.isNaN(value) ? 0 : value;
      if (Number.isNaN(value)) continue;
      count++;
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    const enough = count >= MINIMUM_SAMPLES;
    min.push(enough ? smallest : null);
    median.push(enough ? medianOf(values) : null);
    max.push(enough ? largest : null);
  }
  return { mean: [], median, min, max, percentiles: null };
}

/** Sorts the values in place. */
function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  const upper = values[middle] ?? 0;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? 0) + upper) / 2;
}
