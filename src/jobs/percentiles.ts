import { ALL_FIELDS, FIELDS, type FieldOf, METRIC } from './fields.ts';
import { isFootprintKey } from './filter.ts';

type MeasuredField = FieldOf<'derived' | 'whole' | 'decimal' | 'fraction'>;

type FootprintMeasure = `${typeof METRIC}${string}`;

/** A number of each job, of which percentiles can be requested. A key of the footprint is `metric.flops_any_avg`. */
export type Measure = MeasuredField['name'] | FootprintMeasure;

/** The measures that are not keys of footprints. Some jobs lack the value: the wait or a fraction can be unknown. */
export const MEASURES: readonly MeasuredField['name'][] = ALL_FIELDS.filter((field): field is MeasuredField =>
  ['derived', 'whole', 'decimal', 'fraction'].includes(field.kind),
).map(({ name }) => name);

export function isMeasure(text: string): text is Measure {
  return (
    MEASURES.some((name) => name === text) || (text.startsWith(METRIC) && isFootprintKey(text.slice(METRIC.length)))
  );
}

/** Jobs that store 0 for these lack the value. */
const UNKNOWN_AS_ZERO: readonly Measure[] = ['walltime', 'energy'];
export function isUnknownAsZero(measure: Measure): boolean {
  return UNKNOWN_AS_ZERO.includes(measure);
}

/** Returns the field of a measure, or undefined for a key of the footprint. */
export function measuredField(measure: Measure): MeasuredField | undefined {
  return isOfFootprint(measure) ? undefined : FIELDS[measure];
}

/** Returns the key of the footprint, or undefined for a field. */
export function measuredKey(measure: Measure): string | undefined {
  return isOfFootprint(measure) ? measure.slice(METRIC.length) : undefined;
}

function isOfFootprint(measure: Measure): measure is FootprintMeasure {
  return measure.startsWith(METRIC);
}

/** True if the values are decimals. Others are integers of 64 bits. */
export function isDecimalMeasure(measure: Measure): boolean {
  const kind = measuredField(measure)?.kind;
  return kind !== 'whole' && kind !== 'derived';
}

/** Decimal places of a percentile. SQL compares whole numbers of this size. */
export const PERCENTILE_DIGITS = 3;
export const DEFAULT_PERCENTILES: readonly number[] = [50, 90, 99];
/** The maximum number of percentiles in one request. */
export const MOST_PERCENTILES = 20;

/**
 * The percentiles of one group, or of all jobs (`id` is then ''). Percentile p is the nearest rank: the smallest value
 * such that at least p % of the values are less or equal. It is always the value of a job. Jobs without the value do not
 * count in it.
 */
export interface Percentiles {
  id: string;
  /** Of the second group, if there are two. */
  id2?: string;
  /** Jobs with the value. */
  jobs: number;
  /** Jobs without it. */
  unknown: number;
  /** In the order of the question. null if no job has the value. */
  values: { p: number; value: number | bigint | null }[];
}
