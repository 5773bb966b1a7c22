/** The syntax of times in the API, the pages and the commands. */
import { describe, expect, test } from 'vitest';
import { type RangeEnd, timeOf, timeRange, zoneOf } from '../../src/jobs/time-grammar.ts';
import { UTC } from '../../src/jobs/time-zone.ts';

const NOW = 1_800_000_000;
const sec = (iso: string) => BigInt(Date.parse(iso) / 1000);
const at = (text: string, zone = 'UTC') => timeOf(text, zoneOf(zone));
const range = (text: string, end: RangeEnd = 'inclusive', zone = UTC) => timeRange(text, end, { nowSec: NOW, zone });

describe('a time', () => {
  test.each([
    ['0', 0n],
    ['1790000000', 1_790_000_000n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-5', -5n],
    ['2026-10-01', sec('2026-10-01T00:00:00Z')],
    ['2024-02-29', sec('2024-02-29T00:00:00Z')],
    ['2026-10-01T12:00', sec('2026-10-01T12:00:00Z')],
    ['2026-10-01T12:00:30', sec('2026-10-01T12:00:30Z')],
    ['2026-10-01T12:00:30.999Z', sec('2026-10-01T12:00:30Z')],
    ['2026-10-01T12:00Z', sec('2026-10-01T12:00:00Z')],
    ['2026-10-01T12:00+02:00', sec('2026-10-01T10:00:00Z')],
    ['2026-10-01T12:00 02:00', sec('2026-10-01T10:00:00Z')], // a + in an address that was not encoded
    ['2026-10-01T12:00:30-0530', sec('2026-10-01T17:30:30Z')],
    ['2026-10-01T23:59:59', sec('2026-10-01T23:59:59Z')],
  ])('%s', (text, seconds) => {
    expect(at(text)).toBe(seconds);
  });

  test.each([
    ...[
      '',
      ' ',
      'now',
      '1.5',
      '1e9',
      '-',
      '2026-10',
      '2026-13-01',
      '2026-02-29',
      '2026-10-00',
      '26-10-01',
      '0099-01-01',
    ],
    ...[
      '2026-10-01T',
      '2026-10-01T12',
      '2026-10-01T24:00',
      '2026-10-01T12:60',
      '2026-10-01T12:00:60',
      '2026-10-01 12:00',
    ],
    ...[
      '2026-10-01Z',
      '2026-10-01+02:00',
      '2026-10-01 02:00',
      '2026-10-01T12:00+2',
      '2026-10-01T12:00+24:00',
      '2026-10-01T12:00z',
    ],
    ...['1969-12-31', '1970-01-01T00:00+01:00', '9223372036854775808', '--1', '2026-10-01T12:00:30Zx'],
  ])('%j is refused', (text) => {
    expect(() => at(text)).toThrow(/^must /);
  });

  test('without an offset is one of its time zone', () => {
    expect(at('2026-10-01', 'Europe/Berlin')).toBe(sec('2026-09-30T22:00:00Z'));
    expect(at('2026-12-01T12:00', 'Europe/Berlin')).toBe(sec('2026-12-01T11:00:00Z'));
    expect(at('2026-10-01T12:00Z', 'Europe/Berlin')).toBe(sec('2026-10-01T12:00:00Z'));
    expect(at('2026-10-01', 'Asia/Kathmandu')).toBe(sec('2026-09-30T18:15:00Z'));
    expect(at('1790000000', 'Asia/Kathmandu')).toBe(1_790_000_000n);
  });

  // Berlin in 2026: 2:00 to 3:00 on 29 March does not exist, and 2:00 to 3:00 on 25 October occurs twice.
  test('that its clock shows twice is the first, unless an offset says otherwise', () => {
    expect(at('2026-10-25T02:30', 'Europe/Berlin')).toBe(sec('2026-10-25T00:30:00Z'));
    expect(at('2026-10-25T02:30+02:00', 'Europe/Berlin')).toBe(sec('2026-10-25T00:30:00Z'));
    expect(at('2026-10-25T02:30+01:00', 'Europe/Berlin')).toBe(sec('2026-10-25T01:30:00Z'));
    expect(at('2026-10-25T03:00', 'Europe/Berlin')).toBe(sec('2026-10-25T02:00:00Z'));
  });

  test('that does not exist is refused', () => {
    expect(() => at('2026-03-29T02:30', 'Europe/Berlin')).toThrow(/exists in Europe\/Berlin.*put forward/);
    expect(at('2026-03-29T01:59:59', 'Europe/Berlin') + 1n).toBe(at('2026-03-29T03:00', 'Europe/Berlin'));
    expect(at('2026-03-29T02:30+01:00', 'Europe/Berlin')).toBe(sec('2026-03-29T01:30:00Z'));
  });

  test('that is a day begins with its first second, also where there is no midnight', () => {
    // Cairo in 2026: 0:00 to 1:00 on 24 April does not exist.
    expect(at('2026-04-24', 'Africa/Cairo')).toBe(sec('2026-04-23T22:00:00Z'));
    expect(() => at('2026-04-24T00:30', 'Africa/Cairo')).toThrow('put forward');
    // Havana in 2026: midnight to 1:00 on 1 November occurs twice.
    expect(at('2026-11-01', 'America/Havana')).toBe(sec('2026-11-01T04:00:00Z'));
    // Apia had no 30 December 2011.
    expect(at('2011-12-30', 'Pacific/Apia')).toBe(at('2011-12-31', 'Pacific/Apia'));
  });

  test('has a time zone that is known', () => {
    for (const zone of ['', 'Mars/Olympus', "'", 'Europe/Berlin\0']) {
      expect(() => zoneOf(zone), zone).toThrow('must be the name of a time zone, such as Europe/Berlin');
    }
  });
});

describe('a range', () => {
  const october = sec('2026-10-01T00:00:00Z');
  const november = sec('2026-11-01T00:00:00Z');

  test.each([
    ['2026-1', { from: 2026n, to: 1n }], // as in cc-backend: no job starts in it
    ['100-200', { from: 100n, to: 200n }],
    ['100-', { from: 100n }],
    ['-200', { to: 200n }],
    ['100..200', { from: 100n, to: 200n }],
    ['last7d', { from: BigInt(NOW - 604_800) }],
    ['2026-10-01..2026-10-31', { from: october, to: november - 1n }],
    ['2026-10-01..2026-10-01', { from: october, to: october + 86_399n }],
    ['2026-10-01..', { from: october }],
    ['..2026-10-31', { to: november - 1n }],
    ['1790000000..2026-10-31', { from: 1_790_000_000n, to: november - 1n }],
    ['2026-10-01T00:00..2026-11-01T00:00Z', { from: october, to: november }],
  ])('%s, inclusive', (text, expected) => {
    expect(range(text)).toEqual(expected);
  });

  test('is not a month, which would be two numbers', () => {
    expect(() => range('2026-10')).toThrow('must be a range: write 2026-10-01..2026-10-31 for the month');
    expect(() => range('2028-02')).toThrow('write 2028-02-01..2028-02-29 for the month');
  });

  test.each([
    ['100-200', { from: 100n, to: 200n }],
    ['2026-10-01..2026-10-31', { from: october, to: november }],
    ['2026-10-01..2026-11-01T00:00', { from: october, to: november }],
    ['..2026-10-31', { to: november }],
  ])('%s, half-open', (text, expected) => {
    expect(range(text, 'half-open')).toEqual(expected);
  });

  test.each([
    '',
    '-',
    '..',
    '5',
    '2026-10-01',
    '2026-10-01-2026-10-31',
    '2026-10-01..x',
    'a..b',
    '1-2-3',
    '1...2',
    'last5m',
  ])('%j is refused', (text) => {
    expect(() => range(text)).toThrow(/^must be /);
  });

  test.each(['5-5', '6-5', '2026-10-02..2026-10-01', '2026-10-01T00:00..2026-10-01T00:00'])(
    '%s is refused as a half-open range, since no second is inside',
    (text) => {
      expect(() => range(text, 'half-open')).toThrow('second time is later');
    },
  );

  test('of days has all hours of a day with a clock change', () => {
    const berlin = zoneOf('Europe/Berlin');
    const hours = (text: string) => {
      const { from = 0n, to = 0n } = range(text, 'half-open', berlin);
      return (to - from) / 3600n;
    };
    expect([hours('2026-03-29..2026-03-29'), hours('2026-10-25..2026-10-25')]).toEqual([23n, 25n]);
    expect(hours('2026-01-01..2026-12-31')).toBe(365n * 24n);
  });
});
