/**
 * The largest value that metricBin (src/jobs/histograms.ts) counts in each bin or a lower one, from bin 0, which has the
 * values below all bins, to the last. With them values can be counted by comparisons alone. Bins without a value, which
 * only a peak near the smallest number has, are left out.
 */
export function binEnds(peak: number, bins: number): Map<number, number> {
  const ends = new Map<number, number>();
  for (let bin = 0; bin <= bins; bin += 1) {
    const end =
      bin === bins ? peak : lastUpTo(peak * ((bin || -1) / bins), (value) => Math.trunc((value / peak) * bins) < bin);
    if (!ends.has(end)) ends.set(end, bin);
  }
  return ends;
}

/** The largest value up to which `isIn` is true, found from a value that is a few steps away from it. */
function lastUpTo(near: number, isIn: (value: number) => boolean): number {
  let value = near;
  while (!isIn(value)) value = next(value, -1n);
  for (let above = next(value, 1n); isIn(above); above = next(value, 1n)) value = above;
  return value;
}

const number = new Float64Array(1);
const bits = new BigInt64Array(number.buffer);

/** The next larger (`1n`) or smaller (`-1n`) double. */
function next(value: number, step: 1n | -1n): number {
  number[0] = value + 0; // not -0
  const [own = 0n] = bits;
  bits[0] = value === 0 && step < 0n ? -(2n ** 63n) + 1n : own + (value < 0 ? -step : step);
  return number[0];
}
