import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { JobFilterQuery, parseFilter, withoutDates } from '../../src/http/query/job-filter-query.ts';
import { JobListQuery } from '../../src/http/query/job-list-query.ts';
import { readQuery } from '../../src/http/query/query-parameters.ts';

const NOW = 1_700_000_000;
const parse = (query: string) => parseFilter(new URLSearchParams(query), NOW);

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault && error.code === 'invalid_request') return error.message;
    throw error;
  }
  return 'no fault';
}

test('a repeated parameter is one condition with any of its values', () => {
  expect(parse('cluster=a&user=x&cluster=b')).toEqual([
    { kind: 'text', field: 'cluster', operator: 'is', values: ['a', 'b'] },
    { kind: 'text', field: 'user', operator: 'is', values: ['x'] },
  ]);
});

test.each(['project', 'user', 'job-name', 'node'])('%s can be compared in five ways', (field) => {
  expect(parse(`${field}=a&${field}.contains=b&${field}.starts-with=c&${field}.ends-with=d&${field}.not=e`)).toEqual([
    { kind: 'text', field, operator: 'is', values: ['a'] },
    { kind: 'text', field, operator: 'contains', values: ['b'] },
    { kind: 'text', field, operator: 'starts-with', values: ['c'] },
    { kind: 'text', field, operator: 'ends-with', values: ['d'] },
    { kind: 'text', field, operator: 'not', values: ['e'] },
  ]);
});

test('ids are exact up to 64 bits', () => {
  expect(parse('job-id=9223372036854775807&db-id=0&tag=-1')).toEqual([
    { kind: 'id', field: 'job-id', values: [9223372036854775807n] },
    { kind: 'id', field: 'db-id', values: [0n] },
    { kind: 'tag', ids: [-1n] },
  ]);
});

test.each([
  ['duration=0-5', { kind: 'whole', field: 'duration', range: { from: 0n, to: 5n } }],
  ['num-nodes=4-', { kind: 'whole', field: 'num-nodes', range: { from: 4n } }],
  ['num-acc=-0', { kind: 'whole', field: 'num-acc', range: { to: 0n } }],
  ['start-time=100-200', { kind: 'whole', field: 'start-time', range: { from: 100n, to: 200n } }],
  ['start-time=last6h', { kind: 'whole', field: 'start-time', range: { from: 1_699_978_400n } }], // NOW - 6 * 3600
  ['start-time=last30d', { kind: 'whole', field: 'start-time', range: { from: 1_697_408_000n } }], // NOW - 30 * 86400
  // 1 October 2026, 0:00 in Berlin is 1,790,805,600; October has 31 days of 86,400 s and one hour twice.
  [
    'start-time=2026-10-01..2026-10-31&zone=Europe/Berlin',
    { kind: 'whole', field: 'start-time', range: { from: 1_790_805_600n, to: 1_793_487_599n } },
  ],
  ['start-time=2026-10-01..', { kind: 'whole', field: 'start-time', range: { from: 1_790_812_800n } }],
  // In a half-open range, the end of a day is the start of the next.
  [
    'during=2026-10-01..2026-10-31',
    { kind: 'during', range: { from: 1_790_812_800n, to: 1_793_491_200n }, nowSec: NOW },
  ],
  ['during=5-', { kind: 'during', range: { from: 5n }, nowSec: NOW }],
  ['end-time=2026-10-01..2026-10-31', { kind: 'ended', range: { from: 1_790_812_800n, to: 1_793_491_199n } }],
  ['end-time=last24h', { kind: 'ended', range: { from: 1_699_913_600n } }], // NOW - 86,400
  ['energy=0.5-.75', { kind: 'decimal', field: 'energy', range: { from: 0.5, to: 0.75 } }],
  ['metric.flops_any_avg=10.-', { kind: 'footprint', key: 'flops_any_avg', range: { from: 10 } }],
  ['schedule=batch', { kind: 'schedule', schedule: 'batch' }],
  ['shared=none&shared=single_user', { kind: 'member', field: 'shared', values: ['none', 'single_user'] }],
])('%s is read', (query, condition) => {
  expect(parse(query)).toEqual([condition]);
});

test.each(['colour=red', 'cluster.not=a', 'job-id.contains=1', 'metric.a-b=1-', 'metric.=1-', 'Cluster=a', 'page=1'])(
  'an unknown parameter is refused by name: %s',
  (query) => {
    expect(messageOf(() => parse(query))).toBe(`invalid query parameter: ${query.slice(0, query.indexOf('='))}`);
  },
);

test.each([
  ['state=stopped', /^query parameter "state" must be one of boot_fail, /],
  ['shared=all', /one of none, single_user, multi_user/],
  ['schedule=x', /one of interactive, batch/],
  ['schedule=batch&schedule=batch', /"schedule" must be given once/],
  ['job-id=1.0', /"job-id" must be a 64-bit integer/],
  ['job-id=9223372036854775808', /64-bit/],
  ['db-id=', /"db-id" must be/],
  ['start-time=1-2-3', /"start-time" must be a range of Unix seconds/],
  ['start-time=-', /"start-time" must be/],
  ['start-time=2026-10-01-2026-10-31', /a range of dates \(A\.\.B/],
  ['start-time=2026-03-29T02:30..&zone=Europe/Berlin', /"start-time" must be a time that exists in Europe\/Berlin/],
  ['zone=Berlin', /"zone" must be the name of a time zone/],
  ['zone=UTC&zone=UTC', /"zone" must be given once/],
  ['during=5-5', /"during" must be a range whose second time is later than the first/],
  ['num-nodes=2026-10-01..2026-10-31', /"num-nodes" must be a range of integers/],
  ['start-time=yesterday', /last6h, last24h, last7d, last30d/],
  ['duration=1.5-2', /"duration" must be a range of integers/],
  ['duration=5', /A-B, A- or -B/],
  ['duration=99999999999999999999-', /64 bits/],
  ['energy=1e3-', /"energy" must be a range of numbers/],
  ['energy=.-1', /"energy" must be/],
  [`metric.x=${'9'.repeat(400)}-`, /"metric.x" must be/],
  [`user=${'x'.repeat(50_001)}`, /"user" is longer than 50000 bytes/],
  [`user=${'ä'.repeat(25_001)}`, /"user" is longer than 50000 bytes/],
])('a bad value is refused with a message: %.40s', (query, message) => {
  expect(messageOf(() => parse(query))).toMatch(message);
});

test('pages have the times of a filter in Unix seconds', () => {
  const seconds = (query: string) => withoutDates(new URLSearchParams(query), NOW).toString();
  expect(seconds('user=a&start-time=2026-10-01..2026-10-31&user=b&zone=Europe%2FBerlin')).toBe(
    'user=a&start-time=1790805600-1793487599&user=b',
  );
  expect(seconds('during=2026-10-01..2026-10-31&end-time=2026-10-01..2026-10-31')).toBe(
    'during=1790812800-1793491200&end-time=1790812800-1793491199',
  );
  expect(seconds('start-time=5-&node=2026-10-01..')).toBe('start-time=5-&node=2026-10-01..');
  expect(seconds('start-time=last7d&zone=UTC')).toBe('start-time=last7d');
});

test('a text of exactly 50,000 bytes passes', () => {
  expect(parse(`user=${'x'.repeat(50_000)}`)).toHaveLength(1);
});

describe('a list', () => {
  const list = (query: string) => {
    const parameters = new URLSearchParams(query);
    const read = readQuery(parameters, JobListQuery);
    const { page, 'items-per-page': itemsPerPage, 'with-metadata': withMetadata } = read;
    const filter = parseFilter(parameters, NOW, ['page', 'items-per-page', 'with-metadata']);
    return { filter, page, itemsPerPage, withMetadata };
  };

  test('has page 1 of 25 jobs and no metadata by default', () => {
    expect(list('')).toEqual({ filter: [], page: 1, itemsPerPage: 25, withMetadata: false });
  });

  test('takes pages of any size', () => {
    expect(list('page=3&items-per-page=9999999&state=running')).toMatchObject({ page: 3, itemsPerPage: 9_999_999 });
  });

  test.each(['page=0', 'page=-1', 'page=x', 'items-per-page=0', 'items-per-page=1.5', 'items-per-page='])(
    'refuses %s',
    (query) => {
      expect(messageOf(() => list(query))).toMatch(/must be an integer of at least 1/);
    },
  );

  test.each([
    ['with-metadata', true],
    ['with-metadata=true', true],
    ['with-metadata=no', true],
    ['with-metadata=false', false],
    ['with-metadata=0', false],
  ])('%s: metadata %s', (query, expected) => {
    expect(list(query).withMetadata).toBe(expected);
  });
});

test('the schema lists the parameters that are read', () => {
  const values: Record<string, string> = {
    state: 'running',
    shared: 'none',
    schedule: 'batch',
    'job-id': '1',
    'array-job-id': '1',
    'db-id': '1',
    tag: '1',
  };
  for (const name of Object.keys(JobFilterQuery.shape).filter((name) => name !== 'zone')) {
    expect(parse(`${name}=${values[name] ?? '1-2'}`), name).toHaveLength(1);
  }
});
