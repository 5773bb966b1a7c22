import type { Range } from '../jobs/filter.ts';
import { wholeLiteral } from './duckdb-query.ts';

/** Numbers between 10 and 10,000 are distinguished with a resolution of 7 to 1 %. */
const STEPS_A_ROOT = 32;
const MOST = 32_767;

/**
 * Each column of doubles has a second column with its quantized value. DuckDB takes ten times as long to compare a
 * double as an integer, because either double may be NaN. Therefore a range is compared by quantized values, and the
 * doubles are only compared at its first and last step. Counting half of 20 M jobs by a range of a metric takes 115 ms
 * instead of 240.
 */
export function quantizedColumn(column: string): string {
  return `${column}_step`;
}

/**
 * SQL for the quantized value of a double, NULL for NULL. It does not decrease when the value increases, because sign,
 * roots and floor do not (IEEE 754). It equals `quantized`.
 */
export function quantizedSql(value: string): string {
  const root = `floor(sign(${value}) * sqrt(sqrt(abs(${value}))) * ${STEPS_A_ROOT})`;
  // greatest() and least() ignore NULL.
  return `CASE WHEN ${value} IS NOT NULL THEN CAST(greatest(-${MOST}, least(${MOST}, ${root})) AS SMALLINT) END`;
}

export function quantized(value: number): number {
  const root = Math.floor(Math.sign(value) * Math.sqrt(Math.sqrt(Math.abs(value))) * STEPS_A_ROOT);
  return Math.max(-MOST, Math.min(MOST, root)) + 0; // not -0
}

/** The condition that a double is in a range. `place` adds a parameter and returns its placeholder. */
export function quantizedRange(column: string, { from, to }: Range<number>, place: (value: number) => string): string {
  const step = quantizedColumn(column);
  const bounds = [
    ...(from === undefined ? [] : [{ step: quantized(from), isBeyond: '>=', value: from }]),
    ...(to === undefined ? [] : [{ step: quantized(to), isBeyond: '<=', value: to }]),
  ];
  if (bounds.length === 0) return `${column} IS NOT NULL`;
  const within = bounds.map((bound) => `${step} ${bound.isBeyond} ${wholeLiteral(bound.step)}`);
  const compared = Map.groupBy(
    bounds.map((bound) => ({ step: bound.step, isIn: `${column} ${bound.isBeyond} ${place(bound.value)}` })),
    (bound) => bound.step,
  );
  const ends = [...compared].map(
    ([at, conditions]) => `WHEN ${wholeLiteral(at)} THEN ${conditions.map(({ isIn }) => isIn).join(' AND ')}`,
  );
  // CASE, because DuckDB would evaluate conditions joined by AND for all rows and in any order.
  return `${within.join(' AND ')} AND CASE ${step} ${ends.join(' ')} ELSE true END`;
}
