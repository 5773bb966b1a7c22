import { type Parameters, wholeLiteral } from '../duckdb-query.ts';

/** In a byte DuckDB groups at once, without a hash. */
const BUCKETS = 256;

/** Values parted into 256 buckets, the least in the first ones. */
export interface Buckets {
  /** SQL for the bucket of a value, a byte; it never falls while the value rises. */
  of(value: string, parameters: Parameters): string;
  /** The least and the greatest value that a bucket may have. */
  ends(bucket: number): Ends;
}

interface Ends {
  readonly from: number | bigint;
  readonly to: number | bigint;
}

/** Of whole numbers from `least` to `most`: as many in each. */
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
 * Of doubles from `least` to `most`, by their fourth roots: energies spread over decades, most of them small. Undefined where the two are too
 * close to have others between them.
 *
 * The ends are looked for with the arithmetic of DuckDB, which is that of JavaScript: each step of it, roots included, is exact to the last bit
 * (IEEE 754) and never falls.
 */
export function doubleBuckets(least: number, most: number): Buckets | undefined {
  const low = least / 2; // halved: their difference is a number too
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

/** The greatest double between two for which it holds; it does for `from`, and for none behind one for which it does not. */
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

/** Where a double stands among all of them, 0 at 0. */
function rankOf(value: number): bigint {
  bits.setFloat64(0, Math.abs(value));
  const place = bits.getBigInt64(0);
  return value < 0 ? -place : place;
}

function doubleAt(place: bigint): number {
  bits.setBigInt64(0, place < 0n ? -place : place);
  const value = bits.getFloat64(0);
  return place < 0n ? -value : value;
}
