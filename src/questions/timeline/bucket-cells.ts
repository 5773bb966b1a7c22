import type { BucketSql } from './sums.ts';

/**
 * SQLite finds the bucket of a time by arithmetic: time is divided into equal cells that are not longer than a bucket,
 * so at most one edge is inside a cell. Times are seconds since the first edge.
 */
export interface Cells {
  readonly widthSec: number;
  readonly lists: Readonly<Record<CellList, readonly number[]>>;
}

/** For each cell the bucket of its beginning and the end of this bucket, and the edges of all buckets. */
const CELL_LISTS = ['buckets', 'ends', 'edges'] as const;
type CellList = (typeof CELL_LISTS)[number];

export function cellsOf(unixEdges: readonly number[]): Cells {
  const [firstSec = 0] = unixEdges;
  const edges = unixEdges.map((edge) => edge - firstSec);
  const lengthSec = edges.at(-1) ?? 0;
  // The range may cut the first and the last bucket short. This does not add edges to a cell.
  const gaps = edges.slice(2, -1).map((edge, at) => edge - (edges[at + 1] ?? 0));
  const widthSec = gaps.reduce((least, gap) => Math.min(least, gap), Math.max(1, lengthSec));
  const endOf = (bucket: number) => edges[bucket + 1] ?? lengthSec;
  const [buckets, ends]: [number[], number[]] = [[], []];
  for (let cell = 0, bucket = 0; cell * widthSec <= lengthSec; cell++) {
    while (bucket < edges.length - 2 && endOf(bucket) <= cell * widthSec) bucket++;
    buckets.push(bucket);
    ends.push(endOf(bucket));
  }
  return { widthSec, lists: { buckets, ends, edges } };
}

/** Digits of a number in a list: seconds until the year 9999 are fewer. */
const DIGITS = 12;

/** The lists as texts, for a table `cells` with a BLOB column for each. */
export function cellTexts({ lists }: Cells): [CellList, string][] {
  return CELL_LISTS.map((list) => [list, lists[list].map((number) => String(number).padStart(DIGITS)).join('')]);
}

/**
 * A list is a BLOB of numbers of equal width, of which SQLite reads any one as fast as the first. A table of them it
 * joined by a scan for each job, depending on the filter. LIMIT keeps it from computing a column for each of its uses.
 */
export function bucketsInCells({ widthSec }: Cells): BucketSql {
  const at = (list: CellList, index: string) =>
    `CAST(substr((SELECT ${list} FROM cells), 1 + (${index}) * ${DIGITS}, ${DIGITS}) AS INTEGER)`;
  return {
    divide: '/',
    once: ' LIMIT -1',
    twice: 'NOT MATERIALIZED',
    bucket(time) {
      const cell = `${time} / ${widthSec}`;
      return `(${at('buckets', cell)} + CASE WHEN ${time} >= ${at('ends', cell)} THEN 1 ELSE 0 END)`;
    },
    edge: (index) => at('edges', index),
  };
}
