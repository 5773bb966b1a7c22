import type { TimeZone } from './time-zone.ts';

// Local days, weeks, months and years as ranges of Unix seconds, across clock changes.

export const BUCKETS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** From this second on, a zone's clock is ahead of UTC by this much. */
export interface OffsetChange {
  readonly fromSec: number;
  readonly offsetSec: number;
}

const HOUR_SEC = 3600;
const DAY_SEC = 86_400;
/** The longest bucket of each kind without changes of clocks. */
export const LONGEST_SEC: Readonly<Record<Bucket, number>> = {
  hour: HOUR_SEC,
  day: DAY_SEC,
  week: 7 * DAY_SEC,
  month: 31 * DAY_SEC,
  year: 366 * DAY_SEC,
};
/** Longer than any bucket, and than any stretch of time that a clock repeats or skips. */
const MARGIN_SEC = 400 * DAY_SEC;
/** Since 1970, no zone has changed its clock twice within this time. Brazil did within a week. */
const STEP_SEC = 6 * DAY_SEC;
/** Clock changes before and after these years are not searched for. */
const [FIRST_YEAR, LAST_YEAR] = [1968, 2200];

/**
 * Returns the offset at `fromSec` and the changes before `toSec`, in order of time. The first element is for `fromSec`.
 */
export function offsetChanges(zone: TimeZone, fromSec: number, toSec: number): OffsetChange[] {
  const changes = [{ fromSec, offsetSec: offsetAt(zone, clamped(fromSec)) }];
  for (let year = yearOf(fromSec); year <= yearOf(toSec - 1); year++) {
    changes.push(...changesOf(zone, year).filter((change) => change.fromSec > fromSec && change.fromSec < toSec));
  }
  return changes;
}

/**
 * Yields the starts of the buckets that overlap [fromSec, toSec). The first may be before `fromSec`. A bucket ends where
 * the next one starts.
 *
 * - A day, an ISO week, a month and a year start at the first instant whose local time is their midnight or later. A
 *   day has 23 or 25 hours if clocks change, and a day that a zone skipped has no bucket.
 * - An hour starts when the clock shows a full hour. If clocks are put back by an hour, two buckets have the same local
 *   time. If they change by half an hour, a bucket has 90 minutes.
 */
export function* bucketStarts(bucket: Bucket, zone: TimeZone, fromSec: number, toSec: number): Generator<number> {
  const changes = offsetChanges(zone, fromSec - MARGIN_SEC, toSec);
  let before: number | undefined;
  for (const start of bucket === 'hour' ? hours(changes, toSec) : midnights(bucket, changes, fromSec, toSec)) {
    if (start >= toSec) break;
    if (start > fromSec && before !== undefined) yield before;
    before = start;
  }
  if (before !== undefined && fromSec < toSec) yield before;
}

/** Yields the instants at which the clock shows a full hour. */
function* hours(changes: readonly OffsetChange[], toSec: number): Generator<number> {
  for (const [at, { fromSec, offsetSec }] of changes.entries()) {
    const endSec = changes[at + 1]?.fromSec ?? toSec;
    const first = Math.ceil((fromSec + offsetSec) / HOUR_SEC) * HOUR_SEC - offsetSec;
    for (let start = first; start < endSec; start += HOUR_SEC) yield start;
  }
}

/** Yields the starts of days and longer buckets, in order, from one at or before `fromSec`. */
function* midnights(bucket: Exclude<Bucket, 'hour'>, changes: readonly OffsetChange[], fromSec: number, toSec: number) {
  const offsetSec = changes.findLast((change) => change.fromSec <= fromSec)?.offsetSec ?? 0;
  // A day earlier, since the clock may have shown this midnight before it was put back.
  let wall = wallStart(bucket, fromSec + offsetSec - DAY_SEC);
  let at = 0;
  let last: number | undefined;
  while (true) {
    // The first instant at which the clock shows `wall` or later.
    while (at + 1 < changes.length && wall - offsetIn(changes, at) >= startIn(changes, at + 1)) at++;
    const start = Math.max(wall - offsetIn(changes, at), startIn(changes, at));
    if (start >= toSec) return;
    if (start !== last) yield start;
    last = start;
    wall = wallEnd(bucket, wall);
  }
}

function offsetIn(changes: readonly OffsetChange[], at: number): number {
  return changes[at]?.offsetSec ?? 0;
}

function startIn(changes: readonly OffsetChange[], at: number): number {
  return changes[at]?.fromSec ?? Number.POSITIVE_INFINITY;
}

/** Returns the start of the bucket with a local time. Local times are in seconds, as if they were UTC. */
function wallStart(bucket: Exclude<Bucket, 'hour'>, wallSec: number): number {
  const days = Math.floor(wallSec / DAY_SEC);
  const date = new Date(days * DAY_SEC * 1000);
  switch (bucket) {
    case 'day':
      return days * DAY_SEC;
    case 'week':
      return (days - ((date.getUTCDay() + 6) % 7)) * DAY_SEC;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / 1000;
    case 'year':
      return Date.UTC(date.getUTCFullYear(), 0) / 1000;
  }
}

/** Returns the start of the next bucket. */
function wallEnd(bucket: Exclude<Bucket, 'hour'>, startSec: number): number {
  return wallStart(bucket, startSec + LONGEST_SEC[bucket]);
}

/** The ids of zones without changes: UTC and offsets such as +05:30. */
const FIXED = /^(?:UTC$|[+-])/;
const NONE: readonly OffsetChange[] = [];
/**
 * The changes by zone and year. It can hold all of them: those of some 400 ids and 233 years are 12 MB. If it forgot some,
 * a caller could have them searched for again and again, which takes 0.1 ms for a year.
 */
const found = new Map<string, Map<number, readonly OffsetChange[]>>();

/** Returns the clock changes of a year. */
function changesOf(zone: TimeZone, year: number): readonly OffsetChange[] {
  if (FIXED.test(zone.id)) return NONE;
  const years = found.get(zone.id) ?? new Map<number, readonly OffsetChange[]>();
  found.set(zone.id, years);
  const known = years.get(year);
  if (known !== undefined) return known;
  const changes = searched(zone, Date.UTC(year, 0) / 1000, Date.UTC(year + 1, 0) / 1000);
  years.set(year, changes.length === 0 ? NONE : changes);
  return changes;
}

/** Returns the changes in (fromSec - 1, toSec - 1]. */
function searched(zone: TimeZone, fromSec: number, toSec: number): OffsetChange[] {
  const changes: OffsetChange[] = [];
  let low = fromSec - 1;
  let offsetSec = offsetAt(zone, low);
  while (low < toSec - 1) {
    const next = Math.min(low + STEP_SEC, toSec - 1);
    const later = offsetAt(zone, next);
    if (later !== offsetSec) changes.push({ fromSec: firstWith(zone, low, next), offsetSec: later });
    [low, offsetSec] = [next, later];
  }
  return changes;
}

/** Returns the first second after `low` that has another offset. */
function firstWith(zone: TimeZone, lowSec: number, highSec: number): number {
  const offsetSec = offsetAt(zone, lowSec);
  let [low, high] = [lowSec, highSec];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offsetSec) low = middle;
    else high = middle;
  }
  return high;
}

function offsetAt(zone: TimeZone, sec: number): number {
  return zone.offsetAt(sec * 1000) / 1000;
}

function yearOf(sec: number): number {
  return new Date(clamped(sec) * 1000).getUTCFullYear();
}

/** The nearest second whose offset is searched for. */
function clamped(sec: number): number {
  const [first, last] = [Date.UTC(FIRST_YEAR, 0) / 1000, Date.UTC(LAST_YEAR + 1, 0) / 1000 - 1];
  return Math.min(Math.max(sec, first), last);
}
