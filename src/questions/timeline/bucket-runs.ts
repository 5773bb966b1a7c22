import type { BucketSql } from './sums.ts';

/** How DuckDB finds buckets. */
export interface RunSql extends BucketSql {
  /** The seconds from a time within the edges to the end of its bucket. */
  left(time: string): string;
}

/** Buckets of equal length next to each other. */
interface Run {
  readonly bucket: number;
  readonly begins: number;
  readonly widthSec: number;
  /** True for a single bucket. */
  readonly isSingle: boolean;
}

/** Edges of more runs, which are those of few rows, are read from a list: DuckDB plans months in a quarter less time. */
const FEW_RUNS = 12;

/**
 * Finds the run of a bucket by a binary search, and the bucket in the run by arithmetic. Days of a time zone have a run
 * for each clock change. DuckDB copies a list of edges for every 2,048 jobs, and so takes ten times as long. Times are
 * seconds since `origin`.
 */
export function bucketsInRuns(edges: readonly number[], origin = edges[0] ?? 0): RunSql {
  const runs = runsOf(edges.map((edge) => edge - origin));
  const byTime = (time: string, found: (run: Run) => string) =>
    search(runs, ({ begins }) => `${time} < ${begins}`, found);
  return {
    divide: '//',
    once: '',
    twice: 'MATERIALIZED', // DuckDB plans months in a fifth less time
    bucket: (time) =>
      byTime(time, ({ bucket, begins, widthSec, isSingle }) =>
        isSingle ? `${bucket}` : `((${time} + ${bucket * widthSec - begins}) // ${widthSec})`,
      ),
    edge: (index) =>
      runs.length > FEW_RUNS
        ? `(CAST([${edges.map((edge) => edge - origin)}] AS BIGINT[]))[${index} + 1]`
        : search(
            runs,
            ({ bucket }) => `${index} < ${bucket}`,
            ({ bucket, begins, widthSec }) => `(${index} * ${widthSec} + ${begins - bucket * widthSec})`,
          ),
    left: (time) =>
      byTime(time, ({ begins, widthSec, isSingle }) =>
        isSingle ? `(${begins + widthSec} - ${time})` : `(${widthSec} - (${time} - ${begins}) % ${widthSec})`,
      ),
  };
}

function runsOf(edges: readonly number[]): Run[] {
  const [first = 0, second = 0, third = 0] = edges;
  // The range may cut the first bucket short.
  const begins = edges.length > 2 ? [Math.min(first, 2 * second - third), ...edges.slice(1)] : edges;
  const widths = begins.slice(1).map((end, bucket) => end - (begins[bucket] ?? 0));
  return widths.flatMap((widthSec, bucket) => {
    if (widthSec === widths[bucket - 1]) return [];
    return [{ bucket, begins: begins[bucket] ?? 0, widthSec, isSingle: widthSec !== widths[bucket + 1] }];
  });
}

/** SQL that is `found` of the run before the first one of which `isBefore` is true. */
function search(
  runs: readonly Run[],
  isBefore: (run: Run) => string,
  found: (run: Run) => string,
  first = 0,
  end = runs.length,
): string {
  const middle = Math.floor((first + end) / 2);
  const [run, later] = [runs[first], runs[middle]];
  if (run === undefined || later === undefined) return '0'; // there are no buckets
  if (middle === first) return found(run);
  const part = (from: number, to: number) => search(runs, isBefore, found, from, to);
  return `(CASE WHEN ${isBefore(later)} THEN ${part(first, middle)} ELSE ${part(middle, end)} END)`;
}
