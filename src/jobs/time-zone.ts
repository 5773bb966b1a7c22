const DAY_MS = 86_400_000;

/** A time zone with its clock changes. Local times are in ms, as if they were UTC. */
export interface TimeZone {
  readonly name: string;
  /** Returns by how many ms its clock is ahead of UTC at an instant. */
  readonly offsetAt: (utcMs: number) => number;
}

export const UTC: TimeZone = { name: 'UTC', offsetAt: () => 0 };

/** Returns the zone with this IANA name. Throws a RangeError if the name is unknown. */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return UTC;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (utcMs: number) => {
    const parts = Object.fromEntries(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
  };
  return { name, offsetAt };
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
