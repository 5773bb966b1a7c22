/** Keys of groups as SQL that both engines share. What they write differently is in TimeDialect. */

import { FIELDS } from '../../jobs/fields.ts';
import { DAYS_BEFORE_1970, SIZE_CLASSES, type TimeUnit } from '../../jobs/groups.ts';
import { type OffsetChange, offsetChanges } from '../../jobs/time-buckets.ts';
import { timeZone } from '../../jobs/time-zone.ts';
import { wholeLiteral } from '../duckdb-query.ts';

const DAY_SEC = 86_400;
/** 0001-01-02 and 9999-12-30. Starts before and after count there: dates of both engines have years of four digits. */
const [FIRST_DAY, LAST_DAY] = [-719_161, 2_932_895];

/** The key of a size class: its smallest number of nodes. Most jobs are small. */
export function sizeKey(nodes: string): string {
  const cases = SIZE_CLASSES.slice(1).map((next, at) => `WHEN ${nodes} < ${next} THEN ${SIZE_CLASSES[at]}`);
  return `CASE ${cases.join(' ')} ELSE ${SIZE_CLASSES.at(-1)} END`;
}

/** What the two engines write differently. */
export interface TimeDialect {
  /** Integer division. All numbers are positive. */
  readonly divide: '/' | '//';
  readonly least: 'min' | 'least';
  readonly greatest: 'max' | 'greatest';
  /** The year times 100, plus the month, of a number of days since 1970. */
  readonly month: (days: string) => string;
}

/** The zone of times. Clock changes before 1970, and after the last possible start of a job, are left out. */
export interface Clock {
  readonly zone?: string | undefined;
  readonly nowSec: number;
}

/** The key of a unit for a start in Unix seconds, as SQL. */
export function keyOfStart(unit: TimeUnit, start: string, { zone = 'UTC', nowSec }: Clock, dialect: TimeDialect) {
  const changes = offsetChanges(timeZone(zone), 0, nowSec + FIELDS['start-time'].aheadSec);
  const clamped = between(start, FIRST_DAY * DAY_SEC, (LAST_DAY + 1) * DAY_SEC - 1, dialect);
  const seconds = `(${clamped} + ${offsetAt(start, changes)} + ${DAYS_BEFORE_1970 * DAY_SEC})`;
  if (unit === 'hour') return `(${seconds} ${dialect.divide} 3600 % 24)`;
  return keyOfDays(unit, `(${seconds} ${dialect.divide} ${DAY_SEC})`, dialect);
}

/** The same for a number of days since 1970 in UTC. Undefined if the unit is shorter. */
export function keyOfDay(unit: TimeUnit, day: string, dialect: TimeDialect): string | undefined {
  if (unit === 'hour') return undefined;
  return keyOfDays(unit, `(${between(day, FIRST_DAY, LAST_DAY, dialect)} + ${DAYS_BEFORE_1970})`, dialect);
}

/** `days` since 0000-01-01. */
function keyOfDays(unit: Exclude<TimeUnit, 'hour'>, days: string, { divide, month }: TimeDialect): string {
  switch (unit) {
    case 'month':
      return month(`(${days} - ${DAYS_BEFORE_1970})`);
    case 'week':
      return `((${days} + 5) ${divide} 7)`;
    case 'day':
      return days;
    case 'weekday':
      return `((${days} + 5) % 7 + 1)`;
  }
}

/** The seconds by which the clock is ahead of UTC: a binary search over the changes. */
function offsetAt(start: string, changes: readonly OffsetChange[]): string {
  if (changes.length < 2) return wholeLiteral(changes[0]?.offsetSec ?? 0);
  const half = changes.length >> 1;
  const [before, after] = [changes.slice(0, half), changes.slice(half)];
  const change = wholeLiteral(after[0]?.fromSec ?? 0);
  return `CASE WHEN ${start} < ${change} THEN ${offsetAt(start, before)} ELSE ${offsetAt(start, after)} END`;
}

function between(value: string, least: number, most: number, dialect: TimeDialect): string {
  return `${dialect.greatest}(${wholeLiteral(least)}, ${dialect.least}(${wholeLiteral(most)}, ${value}))`;
}
