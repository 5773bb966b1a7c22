import type { Bucket } from '../../jobs/time-buckets.ts';
import type { TimeZone } from '../../jobs/time-zone.ts';

const LENGTHS: Readonly<Record<Bucket, number>> = { hour: 16, day: 10, week: 10, month: 7, year: 4 };

/** Returns the local start of a bucket, such as `2026-10` or `2026-10-05 14:00`. */
export function bucketLabel(bucket: Bucket, startSec: number, zone: TimeZone): string {
  const local = new Date(startSec * 1000 + zone.offsetAt(startSec * 1000)).toISOString();
  return local.slice(0, LENGTHS[bucket]).replace('T', ' ');
}

/** The buckets into which one is divided. */
export const FINER: Readonly<Record<Bucket, Bucket | undefined>> = {
  year: 'month',
  month: 'day',
  week: 'day',
  day: 'hour',
  hour: undefined,
};
