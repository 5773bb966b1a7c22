/** Series shorter than this keep their native resolution (cc-backend's default of `resampling.minimum-points`). */
export const MINIMUM_POINTS = 1000;

/** A resolution that is no multiple of a metric's time step: the whole answer fails. */
export class BadResolution extends Error {
  override readonly name = 'BadResolution';
}

/**
 * How many points a series of `points` has at `resolutionSec`, or undefined where it stays as it is: no or a finer
 * resolution, a short series, nothing left. Throws BadResolution, however short the series.
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
 * Largest-triangle-three-buckets with every detail of contract/graphql.md §7, which differs from the textbook: the bucket
 * compared with includes its end index, a missing sample makes an area NaN, and NaN beats every number, the last one wins.
 * NaN stands for a missing sample. First and last point are kept.
 */
export function largestTriangles(data: readonly number[], length: number): number[] {
  const last = data.length - 1;
  const bucket = (data.length - 2) / (length - 2);
  const startOf = (index: number) => Math.floor(index * bucket) + 1;
  const result = [data[0] ?? Number.NaN];
  let kept = 0;
  for (let index = 0; index < length - 2; index++) {
    const next = meanPoint(data, startOf(index + 1), Math.min(startOf(index + 2), last - 1));
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

/** The mean of the points from..to, `to` included; NaN for none of them, or when one is missing. */
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
