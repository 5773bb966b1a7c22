import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { allOf } from '../../db/sql/conditions.ts';
import type { Condition, Range } from '../../jobs/filter.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';

/** Longer jobs are few and have their own index (migrations/0008_long_jobs.sql, which contains the same number). */
export const LONG_SEC = 604_800n;

type RunTime = Extract<Condition, { kind: 'during' | 'ended' }>;

// `+` keeps these conditions from the choice of an index. `alongStarts` limits the rows that they are evaluated for.
const START = sql`+job.start_time`;

export function ranDuring({ range: { from, to }, nowSec }: Extract<RunTime, { kind: 'during' }>): RawBuilder<SqlBool> {
  const end = sql`CASE job.job_state WHEN 'running' THEN ${nowSec} ELSE job.start_time + job.duration END`;
  return allOf([
    ...(to === undefined ? [] : [sql<SqlBool>`${START} < ${to}`]),
    ...(from === undefined ? [] : [sql<SqlBool>`(${START} >= ${from} OR ${end} > ${from})`]),
  ]);
}

/** True if the current job has ended, at `END`. */
export const HAS_ENDED = sql<SqlBool>`+job.job_state IN (${sql.join(ENDED_STATES.map((state) => sql.lit(state)))})`;
export const END = sql`job.start_time + max(job.duration, 0)`;

export function endedWithin({ range: { from, to } }: Extract<RunTime, { kind: 'ended' }>): RawBuilder<SqlBool> {
  return allOf([
    HAS_ENDED,
    ...(from === undefined ? [] : [sql<SqlBool>`${END} >= ${from}`]),
    ...(to === undefined ? [] : [sql<SqlBool>`${END} <= ${to}`]),
  ]);
}

/**
 * Finds jobs that ran or ended within some time by their starts, because no index has their ends: all jobs that started
 * in that time or up to LONG_SEC before it, and of older jobs the long ones and the running ones. Returns what to add to
 * the filter: each list selects other jobs, and together they select all that match. There is one list, without
 * conditions, unless the filter is about run times and not about starts.
 */
export function startRanges(conditions: readonly Condition[]): readonly (readonly Condition[])[] {
  const ran = conditions.find(isSince);
  if (ran?.range.from === undefined || conditions.some(isAboutStarts)) return [[]];
  const first = ran.range.from - LONG_SEC;
  const before = whole('start-time', { to: first - 1n });
  const ranges = [
    [whole('start-time', { from: first, ...lastStart(ran) })],
    [before, whole('duration', { from: LONG_SEC + 1n })],
  ];
  if (ran.kind === 'ended' || ran.nowSec <= ran.range.from) return ranges;
  const isRunning: Condition = { kind: 'member', field: 'state', values: ['running'] };
  return [...ranges, [before, whole('duration', { to: LONG_SEC }), isRunning]];
}

function isSince(condition: Condition): condition is RunTime {
  return (condition.kind === 'during' || condition.kind === 'ended') && condition.range.from !== undefined;
}

function isAboutStarts(condition: Condition): boolean {
  return condition.kind === 'whole' && condition.field === 'start-time';
}

function whole(field: 'start-time' | 'duration', range: Range<bigint>): Condition {
  return { kind: 'whole', field, range };
}

function lastStart({ kind, range: { to } }: RunTime): Range<bigint> {
  if (to === undefined) return {};
  return { to: kind === 'during' ? to - 1n : to };
}
