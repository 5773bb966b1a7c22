const DAY_MS = 86_400_000;

/** A time zone with its clock changes. Times of its wall clock are in ms, as if they were UTC. */
export interface TimeZone {
  readonly name: string;
  /** How far its clock is ahead of UTC at an instant, in ms. */
  readonly offsetAt: (utcMs: number) => number;
}

export const UTC: TimeZone = { name: 'UTC', offsetAt: () => 0 };

/** By its IANA name. Throws a RangeError for an unknown one. */
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

/** The offsets with which the clock of a zone may be read. */
export interface WallOffsets {
  /** Those at which it showed the time, the earlier instant first: none while it is put forward, two while it is put back. */
  readonly valid: readonly number[];
  /** Before a clock change nearby. */
  readonly before: number;
  readonly after: number;
}

export function wallOffsets(wallMs: number, { offsetAt }: TimeZone): WallOffsets {
  const before = offsetAt(wallMs - DAY_MS);
  const after = offsetAt(wallMs + DAY_MS);
  const valid = [...new Set([before, after])].filter((offset) => offsetAt(wallMs - offset) === offset);
  return { valid, before, after };
}

/** The first instant whose date in the zone is this day or a later one: some clocks are put forward at midnight. */
export function startOfDay(midnightMs: number, zone: TimeZone): number {
  const { valid, before, after } = wallOffsets(midnightMs, zone);
  const [offset] = valid;
  if (offset !== undefined) return midnightMs - offset;
  let [low, high] = [midnightMs - after, midnightMs - before]; // the change lies between them
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (zone.offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
