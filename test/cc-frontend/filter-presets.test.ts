/** Filters in the addresses of cc-backend's pages: what its front end gets for them (contract/frontend.md §1.2). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterPresets } from '../../src/cc-frontend/filter-presets.ts';

test.each<[query: string, presets: object]>([
  ['', {}],
  ['unknown=1&userMatch=eq', {}],
  // texts
  ['cluster=fritz&cluster=alex', { cluster: 'fritz' }],
  ['cluster=', {}],
  ['subCluster=main&partition=p+q', { subCluster: 'main', partition: 'p q' }],
  [
    'jobName=a%26b&shared=none&schedule=batch&node=n01',
    { jobName: 'a&b', shared: 'none', schedule: 'batch', node: 'n01' },
  ],
  ['project=abc&projectMatch=contains', { project: 'abc', projectMatch: 'eq' }],
  // one or several
  ['user=ada', { user: 'ada', userMatch: 'contains' }],
  ['user=', { user: '', userMatch: 'contains' }],
  ['user=ada&user=max', { user: ['ada', 'max'], userMatch: 'in' }],
  ['state=running', { state: ['running'] }],
  ['state=running&state=nonsense', { state: ['running', 'nonsense'] }],
  ['dbId=7&dbId=x', { dbId: ['7', 'x'] }],
  ['jobId=12', { jobId: '12', jobIdMatch: 'eq' }],
  ['jobId=12&jobId=13', { jobId: ['12', '13'], jobIdMatch: 'in' }],
  ['jobId=&jobId=13', {}],
  ['tag=3&tag=-4&tag=%2B5&tag=x&tag=9223372036854775808', { tags: [3, -4, 5, -1, -1] }],
  ['arrayJobId=77', { arrayJobId: 77 }],
  ['arrayJobId=7.5', {}],
  // ranges
  ['duration=60-3600', { duration: { from: 60, to: 3600 } }],
  ['duration=lessthan-300', { duration: { lessThan: 300, from: 0, to: 0 } }],
  ['duration=morethan-300', { duration: { moreThan: 300, from: 0, to: 0 } }],
  ['duration=60', {}],
  ['duration=60-', {}],
  ['duration=1-2-3', {}],
  ['numNodes=2-4', { numNodes: { from: 2, to: 4 } }],
  ['numNodes=lessthan-4', { numNodes: { from: 1, to: 4 } }],
  ['numNodes=morethan-4', { numNodes: { from: 4, to: 0 } }],
  ['numHWThreads=lessthan-x&numAccelerators=1-8', { numAccelerators: { from: 1, to: 8 } }],
  ['energy=morethan-9', { energy: { from: 9, to: 0 } }],
  ['energy=0.5-1', {}],
  // statistics of metrics
  ['stat=cpu_load_avg-1-9', { stats: [{ field: 'cpu_load_avg', from: 1, to: 9 }] }],
  [
    'stat=a-lessthan-9&stat=b-morethan-2&stat=c-1',
    {
      stats: [
        { field: 'a', from: 1, to: 9 },
        { field: 'b', from: 2, to: 0 },
      ],
    },
  ],
  ['stat=nonsense', { stats: [] }],
  // times
  ['startTime=0-1800000000', { startTime: { from: '1970-01-01T00:00:00Z', to: '2027-01-15T08:00:00Z' } }],
  ['startTime=last30d', { startTime: { range: 'last30d' } }],
  ['startTime=1-2-3', { startTime: { range: '1-2-3' } }],
  ['startTime=a-b', {}],
  ['startTime=0-99999999999999', {}], // no such date
])('%s', (query, presets) => {
  expect(filterPresets(new URLSearchParams(query))).toEqual(presets);
});

test('any address gives presets that are JSON', () => {
  const names = [
    'cluster',
    'user',
    'tag',
    'duration',
    'numNodes',
    'startTime',
    'stat',
    'jobId',
    '__proto__',
    'constructor',
  ];
  const pair = fc.tuple(
    fc.constantFrom(...names),
    fc.string({ unit: fc.constantFrom('-', '9', 'lessthan', '<', '"', '\u2028') }),
  );
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const presets = filterPresets(new URLSearchParams(pairs));
      expect(JSON.parse(JSON.stringify(presets))).toEqual(presets);
      expect(Object.getPrototypeOf(presets)).toBe(Object.prototype);
    }),
  );
});
