import { type Parameters, wholeLiteral } from '../duckdb-query.ts';

/** DuckDB groups by a single byte directly, without a hash. */
const BUCKETS = 256;

/** Values divided into 256 buckets in ascending order. */
export interface Buckets {
  /** SQL for the bucket of a value, a byte. It does not decrease when the value increases. */
  of(value: string, parameters: Parameters): string;
  /** The smallest and the largest value of a bucket. */
  ends(bucket: number): Ends;
}

interface Ends {
  readonly from: number | bigint;
  readonly to: number | bigint;
}

/** Buckets of equal width for whole numbers from `least` to `most`. */
export function wholeBuckets(least: bigint, most: bigint): Buckets {
  const width = (most - least) / BigInt(BUCKETS) + 1n;
  return {
    of: (value) => `CAST((${value} - ${wholeLiteral(least)}) // ${wholeLiteral(width)} AS UTINYINT)`,
    ends(bucket) {
      const from = least + BigInt(bucket) * width;
      return { from, to: from + width - 1n };
    },
  };
}

/**
 * Buckets for doubles from `least` to `most` by their fourth roots, because energies span decades and most are small.
 * Undefined if the two are too close to have values between them.
 *
 * The ends are computed with the arithmetic of DuckDB, which is that of JavaScript: each step, including roots, is
 * exact to the last bit and monotonic (IEEE 754).
 */
export function doubleBuckets(least: number, most: number): Buckets | undefined {
  const low = least / 2; // halved, so that their difference is finite
  const width = Math.sqrt(Math.sqrt(most / 2 - low));
  if (!(width > 0)) return undefined;
  const bucketOf = (value: number) => Math.floor((Math.sqrt(Math.sqrt(value / 2 - low)) / width) * (BUCKETS - 1));
  return {
    of: (value, parameters) =>
      `CAST(floor(sqrt(sqrt(${value} / 2 - ${parameters.add(low)})) / ${parameters.add(width)} * ${BUCKETS - 1}) AS UTINYINT)`,
    ends(bucket) {
      const from = bucket === 0 ? least : next(lastWhere((value) => bucketOf(value) < bucket, least, most));
      return { from, to: lastWhere((value) => bucketOf(value) <= bucket, least, most) };
    },
  };
}

/** The largest double for which `holds` is true, by bisection. It must be true from `from` up to some value. */
function lastWhere(holds: (value: number) => boolean, from: number, to: number): number {
  let [low, high] = [rankOf(from), rankOf(to) + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (holds(doubleAt(middle))) low = middle;
    else high = middle;
  }
  return doubleAt(low);
}

function next(value: number): number {
  return doubleAt(rankOf(value) + 1n);
}

const bits = new DataView(new ArrayBuffer(8));

/** The position of a double in the order of all doubles, 0 for 0. */
function rankOf(value: number): bigint {
  bits.setFloat64(0, Math.abs(value));
  const rank = bits.getBigInt64(0);
  return value < 0 ? -rank : rank;
}

function doubleAt(rank: bigint): number {
  bits.setBigInt64(0, rank < 0n ? -rank : rank);
  const value = bits.getFloat64(0);
  return rank < 0n ? -value : value;
}
