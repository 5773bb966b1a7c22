import { type RawBuilder, sql } from 'kysely';
import { jsonNumber } from '../../db/sql/stored-json.ts';
import { FIELDS, type ValueField } from '../../jobs/fields.ts';
import { footprintKeyOf, isNewestFirst, type ListOrder, type OrderColumn } from '../../jobs/list-order.ts';
import type { Slice } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { durationAt } from '../one-job/job-json.ts';
import { column, fieldValue, overJobs } from '../where/sqlite.ts';
import { newestFirst } from './newest-first.ts';

/** A part of a list in any order. */
export interface OrderedSlice extends ListOrder, Pick<Slice, 'offset' | 'limit'> {
  /** Unix seconds at which the duration of running jobs ends. */
  readonly nowSec: number;
}

/**
 * A query for `id` and `start_time` of a slice of the list, in its order. Orders by start time follow an index,
 * others read every matching job.
 */
export function inOrder(jobs: VisibleJobs, { column: by, order, nowSec, offset, limit }: OrderedSlice) {
  if (isNewestFirst({ column: by, order })) return newestFirst(jobs, { offset, limit });
  const direction = order === 'asc' ? sql`ASC` : sql`DESC`;
  const ends = by === 'start-time' ? sql`start_time ASC, id ASC` : sql`value ${direction}, start_time DESC, id DESC`;
  const among = overJobs(
    jobs,
    (where) =>
      sql`SELECT job.id AS id, job.start_time AS start_time, ${valueAt(by, nowSec, jobs.nodePeaks)} AS value FROM job WHERE ${where}`,
  );
  return sql`SELECT id, start_time FROM (${among}) ORDER BY ${ends} LIMIT ${limit} OFFSET ${offset}`;
}

/** The value of the current job by which a list is sorted: NULL, the least, if the job does not have it. */
export function valueAt(by: OrderColumn, nowSec: number, nodePeaks?: VisibleJobs['nodePeaks']): RawBuilder<unknown> {
  const key = footprintKeyOf(by);
  if (key !== undefined) return jsonNumber(column('footprint'), key);
  return by === 'duration' ? durationAt(nowSec) : fieldValue(FIELDS[by as ValueField['name']], nodePeaks);
}
