/** A wall clock that is turned into Unix seconds. */
export type LocalClock = (text: string) => number | undefined;

const DAY_MS = 86_400_000;
/** Offsets of zones change at full quarters of an hour of the local clock at the finest. */
const SLOT_MS = 900_000;
/** A log of ten years has 350,000 slots at most, most of them in order. */
const SLOTS_KEPT = 100_000;

/**
 * Reads `2016-12-30T03:43:09` in an IANA time zone, with its daylight saving time: an hour that comes twice is its first
 * occurrence, one that is left out counts from before the change. Plain digits are Unix seconds already
 * (SLURM_TIME_FORMAT=%s). Undefined for `Unknown`, `None` and everything else. Throws a RangeError for an unknown zone.
 */
export function localClock(timeZone: string): LocalClock {
  const offsetAt = zoneOffset(timeZone);
  const slots = new Map<number, number>();
  return (text) => {
    const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)$/.exec(text);
    if (match === null) return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
    const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
    if (month > 12 || month === 0 || new Date(wallMs).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
      return undefined;
    const slot = Math.floor(wallMs / SLOT_MS);
    let offset = slots.get(slot);
    if (offset === undefined) {
      offset = offsetOfWall(wallMs, offsetAt);
      if (slots.size >= SLOTS_KEPT) slots.clear();
      slots.set(slot, offset);
    }
    return (wallMs - offset) / 1000;
  };
}

/** The offset that holds at a reading of the wall clock, in ms east of UTC. */
function offsetOfWall(wallMs: number, offsetAt: (utcMs: number) => number): number {
  const before = offsetAt(wallMs - DAY_MS);
  const after = offsetAt(wallMs + DAY_MS);
  const valid = [before, after].find((offset) => offsetAt(wallMs - offset) === offset);
  return valid ?? before;
}

/** The offset of a zone at an instant, in ms east of UTC. */
function zoneOffset(timeZone: string): (utcMs: number) => number {
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (utcMs) => {
    const parts = Object.fromEntries(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
  };
}
