import type { ClusterSize } from '../clusters/cluster-size.ts';
import { Fault } from '../faults.ts';
import { type TableColumn, typedColumns } from './export-format.ts';
import type { Range } from './filter.ts';
import { GROUPS, type Group, groupOf } from './groups.ts';
import type { Whole } from './statistics.ts';
import { type Bucket, bucketStarts, LONGEST_SEC } from './time-buckets.ts';
import type { TimeZone } from './time-zone.ts';

/** The sums of seconds of a point: over its jobs, a number of the job times its seconds inside the bucket. */
export const SPENT = ['walltimeSeconds', 'nodeSeconds', 'coreSeconds', 'accSeconds'] as const;
export type Spent = (typeof SPENT)[number];

/** The columns of a timeline as a table. */
export const TIMELINE_COLUMNS: readonly TableColumn[] = [
  ...typedColumns(['from', 'to'], 'whole'),
  ...typedColumns(['group'], 'text'),
  ...typedColumns(['isOther'], 'boolean'),
  ...typedColumns(['started', 'ended', 'running', ...SPENT], 'whole'),
  ...typedColumns(['energy'], 'decimal'),
  ...typedColumns(['waitP50', 'waitP90'], 'whole'),
  ...typedColumns(['nodeUtilisation', 'coreUtilisation', 'accUtilisation'], 'decimal'),
];

/**
 * The jobs of a group, or all jobs, in a bucket of time [from, to). Times are Unix seconds. A job runs from its start
 * to its end, or until now.
 */
export interface TimelinePoint extends Readonly<Record<Spent, Whole>> {
  readonly from: number;
  readonly to: number;
  /** '' for all jobs, and for the groups that are not among the top ones. */
  readonly group: string;
  /** True for the sum of all groups that are not among the top ones. */
  readonly isOther: boolean;
  /** Jobs with their start, or with their end, in the bucket. */
  readonly started: number;
  readonly ended: number;
  /** Jobs that started before `to` and did not end before it. */
  readonly running: number;
  /** kWh. The energy of a job is spread evenly over its seconds. */
  readonly energy: number;
  /** Percentiles of the waiting time in seconds of jobs that started in the bucket. Null if it is known of none. */
  readonly waitP50: Whole | null;
  readonly waitP90: Whole | null;
}

/**
 * Parts of the capacity that jobs used in a bucket until now, with 6 decimal places: 1 is all of it. Null if the
 * configuration does not say the capacity, or if the bucket begins later.
 */
export interface Utilisation {
  readonly nodeUtilisation: number | null;
  readonly coreUtilisation: number | null;
  readonly accUtilisation: number | null;
}

/** `size` is the capacity for the group of the point. */
export function utilisationOf(point: TimelinePoint, size: ClusterSize | undefined, nowSec: number): Utilisation {
  const seconds = Math.min(point.to, nowSec) - point.from;
  const used = (spent: Whole, capacity: number | undefined) =>
    seconds > 0 && capacity !== undefined && capacity > 0 ? rounded(Number(spent) / (capacity * seconds)) : null;
  return {
    nodeUtilisation: used(point.nodeSeconds, size?.nodes),
    coreUtilisation: used(point.coreSeconds, size?.hwthreads),
    accUtilisation: used(point.accSeconds, size?.accelerators),
  };
}

function rounded(part: number): number {
  return Math.round(part * 1e6) / 1e6;
}

/** The percentiles of waiting times in a point. */
export const WAIT_PERCENTILES = [50, 90] as const;

/** A question about some time. */
export interface TimelineOptions {
  /** The starts of the buckets in Unix seconds, and the end of the last one. At least two. */
  readonly edges: readonly number[];
  readonly nowSec: number;
  readonly groupBy?: Group | undefined;
  /** The groups with most core hours within the edges have points. One more group has the sums of all others. */
  readonly top: number;
}

/** Groups of a timeline: those with each job in one group, so that they add up to all jobs, but for times. */
export const TIMELINE_GROUPS: readonly Group[] = GROUPS.filter(
  (name) => !['tag', 'node', 'time'].includes(groupOf(name).kind),
);

export const DEFAULT_TOP = 10;
export const MOST_TOP = 50;
/** The most buckets, and the most points of all groups. */
export const MOST_BUCKETS = 5_000;
export const MOST_POINTS = 25_000;
/** Buckets without a range. */
export const DEFAULT_BUCKETS = 30;
/** The end of the year 9999. */
const LAST_SEC = 253_402_300_800n;

/**
 * Returns the edges of the buckets of a range. Its ends cut the first and the last bucket. Without an end it ends now,
 * and without a range it is the last 30 buckets, up to the end of the current one. Throws invalid_request.
 */
export function edgesOf(bucket: Bucket, zone: TimeZone, nowSec: number, range: Range<bigint> | undefined): number[] {
  if (range === undefined) {
    const earliest = nowSec - DEFAULT_BUCKETS * LONGEST_SEC[bucket];
    const [, next = nowSec + 1] = bucketStarts(bucket, zone, nowSec, nowSec + 2 * LONGEST_SEC.year);
    return [...[...bucketStarts(bucket, zone, earliest, nowSec + 1)].slice(-DEFAULT_BUCKETS), next];
  }
  const { from, to = BigInt(nowSec) } = range;
  if (from === undefined) throw invalid('must have a beginning, such as 2026-01-01..2026-12-31');
  if (from >= to) throw invalid('must begin before now, or have an end');
  if (from < 0n || to > LAST_SEC) throw invalid('must be within the years 1970 to 9999');
  const edges: number[] = [];
  for (const start of bucketStarts(bucket, zone, Number(from), Number(to))) {
    if (edges.length === MOST_BUCKETS) {
      throw invalid(`has more than ${MOST_BUCKETS} buckets: choose a shorter range, or a longer bucket than ${bucket}`);
    }
    edges.push(Math.max(start, Number(from)));
  }
  return [...edges, Number(to)];
}

/** Returns the edges of as many buckets before the first edge, or of fewer if time begins in 1970 only. */
export function edgesBefore(bucket: Bucket, zone: TimeZone, edges: readonly number[]): number[] {
  const [first = 0] = edges;
  const buckets = edges.length - 1;
  const earliest = Math.max(0, first - (buckets + 1) * LONGEST_SEC[bucket]);
  return [...[...bucketStarts(bucket, zone, earliest, first)].slice(-buckets), first];
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}
