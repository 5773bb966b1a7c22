import { MINIMUM_POINTS } from '../jobs/resampling.ts';

/** The resolution is not a multiple of a metric's time step. The whole answer fails. */
export class BadResolution extends Error {
  override readonly name = 'BadResolution';
}

/**
 * The number of points of a series with `points` points at `resolutionSec`. Undefined if the series stays unchanged: no
 * resolution or a finer one, a short series, or no points left. Throws BadResolution even for a short series.
 */
export function downsampledLength(points: number, timestepSec: number, resolutionSec: number): number | undefined {
  if (resolutionSec <= timestepSec || timestepSec <= 0) return undefined;
  if (resolutionSec % timestepSec !== 0) {
    throw new BadResolution(`resolution ${resolutionSec} s is not a multiple of the time step of ${timestepSec} s`);
  }
  const length = Math.floor(points / (resolutionSec / timestepSec));
  return length === 0 || points < MINIMUM_POINTS ? undefined : length;
}

/**
 * Largest-triangle-three-buckets as cc-backend does it, which differs from the textbook: the bucket to compare with
 * includes its end index, the last bucket lacks the last point but one, which it is compared with, a missing sample
 * makes an area NaN, and NaN is larger than every number (the last one wins). NaN represents a missing sample. The
 * first and the last point are kept.
 */
export function largestTriangles(data: readonly number[], length: number): number[] {
  const last = data.length - 1;
  const bucket = (data.length - 2) / (length - 2);
  // The end of the first bucket is not limited. It is the last point if there is only one bucket.
  const startOf = (index: number) => Math.min(Math.floor(index * bucket) + 1, index > 1 ? last - 1 : last);
  const result = [data[0] ?? Number.NaN];
  let kept = 0;
  for (let index = 0; index < length - 2; index++) {
    const next = meanPoint(data, startOf(index + 1), startOf(index + 2));
    let largest = -1;
    let chosen = kept;
    for (let at = startOf(index); at < startOf(index + 1); at++) {
      const area = triangle(kept, data[kept], next.x, next.y, at, data[at]);
      if (Number.isNaN(area) || area > largest) {
        largest = area;
        chosen = at;
      }
    }
    result.push(data[chosen] ?? Number.NaN);
    kept = chosen;
  }
  result.push(data[last] ?? Number.NaN);
  return result;
}

/** The mean of the points from..to (inclusive). NaN if there are no points or one is missing. */
function meanPoint(data: readonly number[], from: number, to: number): { x: number; y: number } {
  let x = 0;
  let y = 0;
  for (let at = from; at <= to; at++) {
    x += at;
    y += data[at] ?? Number.NaN;
  }
  const count = Math.max(0, to - from + 1);
  return { x: x / count, y: y / count };
}

function triangle(ax: number, ay = Number.NaN, bx: number, by: number, cx: number, cy = Number.NaN): number {
  return Math.abs((ax - bx) * (cy - ay) - (ax - cx) * (by - ay)) * 0.5;
}
