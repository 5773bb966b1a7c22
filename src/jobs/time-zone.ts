const DAY_MS = 86_400_000;

/** A time zone with its clock changes. Local times are in ms, as if they were UTC. */
export interface TimeZone {
  /** As it was asked for: in any case, and one of several names. */
  readonly name: string;
  /** The name that all names of the same zone have in common. There are some 400, and one for each fixed offset. */
  readonly id: string;
  /** Returns by how many ms its clock is ahead of UTC at an instant. */
  readonly offsetAt: (utcMs: number) => number;
}

export const UTC: TimeZone = { name: 'UTC', id: 'UTC', offsetAt: () => 0 };

/** GMT, GMT+05:30, GMT-00:44:30 */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** Returns the zone with this IANA name. Throws a RangeError if the name is unknown. */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return UTC;
  // A third of the time that the parts of a date take.
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const offsetAt = (utcMs: number) => {
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(format.format(utcMs)) ?? [];
    const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  };
  return { name, id: format.resolvedOptions().timeZone, offsetAt };
}

/** The UTC offsets that a local time may have. */
export interface WallOffsets {
  /**
   * The offsets at which the clock showed this time, earlier instant first: none if it was skipped, two if repeated.
   */
  readonly valid: readonly number[];
  /** The offset before a clock change nearby. `after` is the one after it. */
  readonly before: number;
  readonly after: number;
}

export function wallOffsets(wallMs: number, { offsetAt }: TimeZone): WallOffsets {
  const before = offsetAt(wallMs - DAY_MS);
  const after = offsetAt(wallMs + DAY_MS);
  const valid = [...new Set([before, after])].filter((offset) => offsetAt(wallMs - offset) === offset);
  return { valid, before, after };
}

/** Returns the first instant whose local date is this day or later. Some clocks are put forward at midnight. */
export function startOfDay(midnightMs: number, zone: TimeZone): number {
  const { valid, before, after } = wallOffsets(midnightMs, zone);
  const [offset] = valid;
  if (offset !== undefined) return midnightMs - offset;
  let [low, high] = [midnightMs - after, midnightMs - before]; // the change is between them
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (zone.offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
