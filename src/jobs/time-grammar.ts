import { Fault } from '../faults.ts';
import type { AnyField, TimesField } from './fields.ts';
import type { Range } from './filter.ts';
import { isMonthName, lastDayOf } from './month.ts';
import { RECENT } from './recent-periods.ts';
import { startOfDay, type TimeZone, timeZone, UTC, wallOffsets } from './time-zone.ts';

// The grammar of times in the API, the pages and the commands. Each function throws invalid_request for an invalid
// time.

const INT64_MAX = 2n ** 63n - 1n;
const DAY_MS = 86_400_000;
const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(.*)$/;
/** In an address, a `+` that the client did not encode arrives as a space. */
const OFFSET = /^([+ -])(\d\d):?(\d\d)$/;

const EXAMPLES = '2026-10-01, 2026-10-01T12:00 or 2026-10-01T12:00+02:00';
const TIME = `Unix seconds or a date (${EXAMPLES})`;
const RANGE = `a range of Unix seconds (A-B, A- or -B), a range of dates (A..B, A.. or ..B, such as 2026-10-01..2026-10-31), or one of ${RECENT.map(({ word }) => word).join(', ')}`;

/** The syntax of a range of times, for documentation. */
export const RANGE_WORDS = 'Unix seconds A-B, A- or -B, dates A..B, A.. or ..B';

/**
 * `half-open`: the second time is the first one outside, so that ranges can follow each other without overlap.
 * `inclusive`: it is the last one inside.
 */
export type RangeEnd = 'half-open' | 'inclusive';

const RANGE_ENDS: Readonly<Record<TimesField['kind'], RangeEnd>> = {
  time: 'inclusive',
  during: 'half-open',
  ended: 'inclusive',
};

export function rangeEndOf({ kind }: TimesField): RangeEnd {
  return RANGE_ENDS[kind];
}

export function hasTimes(field: AnyField): field is TimesField {
  return Object.hasOwn(RANGE_ENDS, field.kind);
}

/** The current time, and the time zone in which dates are read. */
export interface Now {
  readonly nowSec: number;
  /** The zone of dates without one. */
  readonly zone: TimeZone;
}

export function zoneOf(name: string): TimeZone {
  try {
    return timeZone(name);
  } catch {
    throw invalid('must be the name of a time zone, such as Europe/Berlin');
  }
}

/** Returns the Unix seconds of a time. A day means its beginning. */
export function timeOf(text: string, zone: TimeZone = UTC): bigint {
  return text.startsWith('-') ? -secondsOf(text.slice(1)) : instantOf(text, zone).from;
}

/** Parses a range: two times, or one of the words of RECENT. */
export function timeRange(text: string, end: RangeEnd, { nowSec, zone }: Now): Range<bigint> {
  const recent = RECENT.find(({ word }) => word === text);
  if (recent !== undefined) return { from: BigInt(nowSec - recent.sec) };
  const [, from, to] = /^(\d*)-(\d*)$/.exec(text) ?? /^(.*?)\.\.(.*)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || from + to === '') throw invalid(`must be ${RANGE}`);
  // As a range of two numbers it would be empty.
  if (isMonthName(text)) throw invalid(`must be a range: write ${text}-01..${text}-${lastDayOf(text)} for the month`);
  return rangeOf(from, to, end, zone);
}

/** Parses a range from two texts. An empty text is an open end. */
export function rangeOf(from: string, to: string, end: RangeEnd, zone: TimeZone): Range<bigint> {
  const range = {
    ...(from === '' ? {} : { from: instantOf(from, zone).from }),
    ...(to === '' ? {} : { to: endOf(instantOf(to, zone), end) }),
  };
  if (end === 'half-open' && range.from !== undefined && range.to !== undefined && range.from >= range.to) {
    throw invalid('must be a range whose second time is later than the first');
  }
  return range;
}

function endOf({ from, next }: Instant, end: RangeEnd): bigint {
  if (next === undefined) return from;
  return end === 'half-open' ? next : next - 1n;
}

interface Instant {
  readonly from: bigint;
  /** The beginning of the next day, if the time is a day. */
  readonly next?: bigint;
}

function instantOf(text: string, zone: TimeZone): Instant {
  if (/^\d+$/.test(text)) return { from: secondsOf(text) };
  const [, date = '', hour, minute, second = '0', rest = ''] = DATE.exec(text) ?? [];
  const midnightMs = Date.parse(`${date}T00:00Z`);
  // Date.parse accepts 2026-02-30 as a day in March.
  const isDate = !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(date);
  if (!isDate) throw invalid(`must be ${TIME}`);
  if (hour === undefined || minute === undefined) {
    if (rest !== '') throw invalid(`must be ${TIME}; a time zone follows a time of day`);
    return { from: inRange(startOfDay(midnightMs, zone)), next: inRange(startOfDay(midnightMs + DAY_MS, zone)) };
  }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw invalid(`must be ${TIME}`);
  const wallMs = midnightMs + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  if (rest !== '') return { from: inRange(wallMs - offsetIn(rest)) };
  // If clocks are put back and the time occurs twice, the first one is meant.
  const [offset] = wallOffsets(wallMs, zone).valid;
  if (offset !== undefined) return { from: inRange(wallMs - offset) };
  throw invalid(`must be a time that exists in ${zone.name}: its clocks were put forward over ${text}`);
}

function secondsOf(digits: string): bigint {
  if (!/^\d+$/.test(digits)) throw invalid(`must be ${TIME}`);
  const seconds = BigInt(digits);
  if (seconds > INT64_MAX) throw invalid('must be within 64 bits');
  return seconds;
}

/** Returns the ms of `Z`, `+02:00` or `-0530`. */
function offsetIn(text: string): number {
  if (text === 'Z') return 0;
  const [, sign, hours, minutes] = OFFSET.exec(text) ?? [];
  if (sign === undefined || Number(hours) > 23 || Number(minutes) > 59) throw invalid(`must be ${TIME}`);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -offset : offset;
}

function inRange(utcMs: number): bigint {
  if (utcMs < 0) throw invalid('must not be before 1970');
  return BigInt(utcMs / 1000);
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}
