import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bucket, bucketStarts, offsetChanges } from '../../src/jobs/time-buckets.ts';
import { timeZone, UTC } from '../../src/jobs/time-zone.ts';

const MINUTE_SEC = 60;
const HOUR_SEC = 3600;
const DAY_SEC = 86_400;
/** The zones with the oddest clocks, and all others. */
const ZONES = [
  ...['Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Casablanca', 'America/Sao_Paulo'],
  ...['Pacific/Apia', 'Antarctica/Troll', 'America/Argentina/Tucuman', 'Asia/Gaza', 'Europe/Berlin'],
  ...Intl.supportedValuesOf('timeZone'),
];

const sec = (text: string) => Date.parse(text) / 1000;
const startsOf = (bucket: Bucket, zone: string, from: string, to: string) =>
  [...bucketStarts(bucket, timeZone(zone), sec(from), sec(to))].map((start) =>
    new Date(start * 1000).toISOString().replace(':00.000Z', ''),
  );

/** The local time as text that sorts like the time. */
function wallClock(zone: string): (sec: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return (at) => format.format(at * 1000);
}

/** The bucket that a local time is in, as text that sorts like the time. */
function bucketOf(bucket: Exclude<Bucket, 'hour'>, wall: string): string {
  const day = wall.slice(0, 10);
  if (bucket === 'day') return day;
  if (bucket !== 'week') return day.slice(0, bucket === 'month' ? 7 : 4);
  const date = new Date(`${day}T00:00Z`);
  while (date.getUTCDay() !== 1) date.setTime(date.getTime() - DAY_SEC * 1000);
  return date.toISOString().slice(0, 10);
}

/** Yields the starts of buckets after `fromSec`: looks at the clock every minute. */
function* naiveStarts(bucket: Bucket, zone: string, fromSec: number, toSec: number): Generator<number> {
  const wallAt = wallClock(zone);
  let latest: string | undefined;
  const isStart = (at: number) => {
    const wall = wallAt(at);
    if (bucket === 'hour') return wall.endsWith(':00:00');
    const bucketHere = bucketOf(bucket, wall);
    const isNew = latest !== undefined && bucketHere > latest;
    if (latest === undefined || isNew) latest = bucketHere;
    return isNew;
  };
  for (let at = fromSec; at < toSec; at += MINUTE_SEC) if (isStart(at) && at > fromSec) yield at;
}

test('clock changes are searched for once, whatever the name of the zone', () => {
  const searches = (name: string) => {
    let count = 0;
    const zone = timeZone(name);
    const offsetAt = (utcMs: number) => {
      count += 1;
      return zone.offsetAt(utcMs);
    };
    const changes = offsetChanges({ ...zone, offsetAt }, sec('2071-01-01'), sec('2073-01-01'));
    return { changes: changes.length, searches: count - 1 }; // one call is for the first offset
  };
  expect(searches('Asia/Gaza').searches).toBeGreaterThan(100);
  expect(searches('America/New_York')).toEqual({ changes: 5, searches: expect.any(Number) });
  for (const name of ['America/New_York', 'america/NEW_york', 'US/Eastern', 'us/eastern']) {
    expect(searches(name), name).toEqual({ changes: 5, searches: 0 });
  }
  for (const name of ['+05:30', '-23:59', 'utc', 'Etc/GMT']) {
    expect(searches(name), name).toEqual({ changes: 1, searches: 0 });
  }
});

describe('buckets', () => {
  test('start where a clock on the wall says so', () => {
    const times = fc.integer({ min: sec('1973-01-01'), max: sec('2037-01-01') });
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom<Bucket>('hour', 'day', 'week', 'month'),
        times,
        fc.boolean(),
        (zone, bucket, time, isAtChange) => {
          const around = timeZone(zone);
          const change = isAtChange ? offsetChanges(around, time, time + 400 * DAY_SEC)[1]?.fromSec : undefined;
          const middle = Math.floor((change ?? time) / MINUTE_SEC) * MINUTE_SEC;
          const from = middle - 2 * DAY_SEC;
          const to = middle + 2 * DAY_SEC;
          const [first = to, ...others] = bucketStarts(bucket, around, from, to);
          expect(others).toEqual([...naiveStarts(bucket, zone, from, to)]);
          expect(first).toBeLessThanOrEqual(from);
          expect(bucketStarts(bucket, around, first, to).next().value).toBe(first);
          // The bucket before ends where the first one starts.
          expect([...bucketStarts(bucket, around, first - 1, first)]).toHaveLength(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('are days of 23 and 25 hours', () => {
    expect(startsOf('day', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T00:00Z')).toEqual([
      '2026-03-27T23:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ]);
    expect(startsOf('day', 'Europe/Berlin', '2026-10-25T00:00Z', '2026-10-26T12:00Z')).toEqual([
      '2026-10-24T22:00',
      '2026-10-25T23:00',
    ]);
  });

  test('are two hours of the same name', () => {
    // 02:00 to 03:00, and again.
    expect(startsOf('hour', 'Europe/Berlin', '2026-10-25T00:00Z', '2026-10-25T03:00Z')).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });

  test('are hours at half hours of UTC', () => {
    expect(startsOf('hour', 'Asia/Kolkata', '2026-10-25T00:00Z', '2026-10-25T01:00Z')).toEqual([
      '2026-10-24T23:30',
      '2026-10-25T00:30',
    ]);
    // At 02:00 its clocks are put back by half an hour.
    expect(startsOf('hour', 'Australia/Lord_Howe', '2026-04-04T14:00Z', '2026-04-04T17:00Z')).toEqual([
      '2026-04-04T14:00',
      '2026-04-04T15:30',
      '2026-04-04T16:30',
    ]);
  });

  test('start after a midnight that does not exist', () => {
    expect(startsOf('day', 'America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-05T00:00Z')).toEqual([
      '2018-11-03T03:00',
      '2018-11-04T03:00',
    ]);
  });

  test('start at the first of two midnights', () => {
    // Clocks were put back from 00:01 to 23:01.
    expect(startsOf('day', 'America/St_Johns', '2010-11-07T02:31Z', '2010-11-08T03:00Z')).toEqual(['2010-11-07T02:30']);
    expect(startsOf('day', 'America/St_Johns', '2010-11-07T03:00Z', '2010-11-08T03:31Z')).toEqual([
      '2010-11-07T02:30',
      '2010-11-08T03:30',
    ]);
  });

  test('do not include a day that a zone skipped', () => {
    expect(startsOf('day', 'Pacific/Apia', '2011-12-29T12:00Z', '2011-12-31T12:00Z')).toEqual([
      '2011-12-29T10:00',
      '2011-12-30T10:00',
      '2011-12-31T10:00',
    ]);
  });

  test('are weeks from Monday, months and years', () => {
    expect(startsOf('week', 'UTC', '2025-12-31T00:00Z', '2026-01-06T00:00Z')).toEqual([
      '2025-12-29T00:00',
      '2026-01-05T00:00',
    ]);
    expect(startsOf('month', 'Europe/Berlin', '2024-02-29T00:00Z', '2024-04-01T00:00Z')).toEqual([
      '2024-01-31T23:00',
      '2024-02-29T23:00',
      '2024-03-31T22:00',
    ]);
    expect(startsOf('year', 'UTC', '2023-12-31T23:59Z', '2025-01-01T00:00Z')).toEqual([
      '2023-01-01T00:00',
      '2024-01-01T00:00',
    ]);
  });

  test('are none of an empty range, and any number of a long one', () => {
    expect([...bucketStarts('day', UTC, 100, 100)]).toEqual([]);
    expect([...bucketStarts('hour', UTC, 3600, 3601)]).toEqual([3600]);
    const first = bucketStarts('year', timeZone('Europe/Berlin'), 0, sec('9999-01-01')).next().value;
    expect(first).toBe(-HOUR_SEC);
  });
});

describe('clock changes', () => {
  test('are those of the zone', () => {
    expect(offsetChanges(timeZone('Europe/Berlin'), sec('2026-01-01'), sec('2027-01-01'))).toEqual([
      { fromSec: sec('2026-01-01'), offsetSec: 3600 },
      { fromSec: sec('2026-03-29T01:00Z'), offsetSec: 7200 },
      { fromSec: sec('2026-10-25T01:00Z'), offsetSec: 3600 },
    ]);
    expect(offsetChanges(UTC, 0, sec('2100-01-01'))).toEqual([{ fromSec: 0, offsetSec: 0 }]);
  });

  test('are found if two follow each other within days', () => {
    // Liberia changed by 44.5 minutes, Boa Vista twice within a week.
    expect(offsetChanges(timeZone('Africa/Monrovia'), 0, sec('1973-01-01'))).toEqual([
      { fromSec: 0, offsetSec: -2670 },
      { fromSec: sec('1972-01-07T00:44:30Z'), offsetSec: 0 },
    ]);
    for (let day = 1; day < 8; day++) {
      const changes = offsetChanges(timeZone('America/Boa_Vista'), sec(`2000-10-0${day}`), sec('2000-11-01'));
      expect(changes.map(({ offsetSec }) => offsetSec / HOUR_SEC)).toEqual([-4, -3, -4]);
    }
  });

  test('of any range take a bounded time', () => {
    const zone = timeZone('Asia/Tokyo');
    expect(offsetChanges(zone, -(2 ** 53), 2 ** 53).at(-1)?.offsetSec).toBe(9 * HOUR_SEC);
  });
});
