import { timeZone, wallOffsets } from '../../jobs/time-zone.ts';

/** Reads local times as Unix seconds. */
export interface LocalClock {
  /** Undefined for `Unknown`, `None` and any other text that is not a time. */
  (text: string): number | undefined;
  /** Returns the second instant of a local time that occurred twice. */
  second(text: string): number | undefined;
}

/** Offsets change at quarters of an hour of the local time, or at coarser steps. */
const SLOT_MS = 900_000;
/** The number of slots kept. A log of ten years has at most 350,000 slots, most of them in order. */
const SLOTS_KEPT = 100_000;

/** Offsets in ms east of UTC. `second` is set if the local time occurred twice. */
interface Offsets {
  first: number;
  second: number | undefined;
}

/**
 * Reads `2016-12-30T03:43:09` in an IANA time zone with daylight saving time. A local time that occurred twice means
 * its first instant. A skipped one is read with the offset before the change. A time with `Z` or an offset (`+0100`,
 * `+01:00`) does not depend on the zone. Plain digits are Unix seconds (SLURM_TIME_FORMAT=%s). Throws a RangeError if
 * the zone is unknown.
 */
export function localClock(zoneName: string): LocalClock {
  const zone = timeZone(zoneName);
  const slots = new Map<number, Offsets>();
  const offsetsOf = (wallMs: number): Offsets => {
    const slot = Math.floor(wallMs / SLOT_MS);
    const kept = slots.get(slot);
    if (kept !== undefined) return kept;
    const { valid, before } = wallOffsets(wallMs, zone);
    const offsets = { first: valid[0] ?? before, second: valid[1] };
    if (slots.size >= SLOTS_KEPT) slots.clear();
    slots.set(slot, offsets);
    return offsets;
  };
  const clock = (text: string) => {
    const time = wallTimeOf(text);
    if (time === undefined) return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
    return (time.wallMs - (time.offset ?? offsetsOf(time.wallMs).first)) / 1000;
  };
  const second = (text: string) => {
    const time = zoneName === 'UTC' ? undefined : wallTimeOf(text);
    if (time === undefined || time.offset !== undefined) return undefined;
    const offset = offsetsOf(time.wallMs).second;
    return offset === undefined ? undefined : (time.wallMs - offset) / 1000;
  };
  return Object.assign(clock, { second });
}

/** Returns true if a text is a date with a time of day. */
export function isWallTime(text: string): boolean {
  return wallTimeOf(text) !== undefined;
}

/** Returns true if a text is a time that depends on the time zone. */
export function needsZone(text: string): boolean {
  const time = wallTimeOf(text);
  return time !== undefined && time.offset === undefined;
}

interface WallTime {
  /** The local time, as if it were UTC. */
  wallMs: number;
  /** The offset in the text, in ms east of UTC. */
  offset: number | undefined;
}

/** Parses by character, in a third of the time of a regular expression: a log has several times in each line. */
function wallTimeOf(text: string): WallTime | undefined {
  if (text.length < SECONDS_END || !hasSigns(text)) return undefined;
  const [year, month, day] = [digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2)];
  const [hour, minute, second] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
  const isTime = hour <= 23 && minute <= 59 && second <= 59; // false for NaN, which means that there are no digits
  if (!isTime || !(month >= 1 && month <= 12) || !(day >= 1 && day <= daysOf(year, month))) return undefined;
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (text.length === SECONDS_END) return { wallMs, offset: undefined };
  const offset = offsetIn(text.slice(SECONDS_END));
  return offset === undefined ? undefined : { wallMs, offset };
}

/** The length of `2016-12-30T03:43:09`. The T may be a space. */
const SECONDS_END = 19;

function hasSigns(text: string): boolean {
  const isDate = text[4] === '-' && text[7] === '-' && (text[10] === 'T' || text[10] === ' ');
  return isDate && text[13] === ':' && text[16] === ':';
}

function digitsAt(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const ZERO = '0'.charCodeAt(0);
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

/** Returns the ms of `Z`, `+0100` or `-05:30`. */
function offsetIn(text: string): number | undefined {
  if (text === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -offset : offset;
}
