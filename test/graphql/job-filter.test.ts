import { expect, test } from 'vitest';
import { type JobFilterInput, jobFilterOf } from '../../src/graphql/job-filter.ts';
import type { Condition } from '../../src/jobs/filter.ts';

const NOW = 1_800_000_000;
const NOTHING: Condition = { kind: 'id', field: 'db-id', values: [] };

test.each<[string, JobFilterInput, Condition[]]>([
  ['nothing', {}, []],
  ['nulls', { user: null, duration: null, state: null, startTime: null }, []],
  ['an empty text', { user: { eq: '' } }, [{ kind: 'text', field: 'user', operator: 'is', values: [''] }]],
  [
    'the first operator',
    { user: { in: ['c'], contains: 'b', neq: 'a' } },
    [{ kind: 'text', field: 'user', operator: 'not', values: ['a'] }],
  ],
  ['no operator', { user: {} }, []],
  ['any of no names', { project: { in: [] } }, [{ kind: 'text', field: 'project', operator: 'is', values: [] }]],
  ['in, of a name in the metadata', { jobName: { in: ['a'] }, node: { in: ['a'] } }, []],
  [
    'a wildcard',
    { node: { startsWith: 'f0%' } },
    [{ kind: 'text', field: 'node', operator: 'starts-with', values: ['f0%'] }],
  ],
  ['a range', { duration: { from: 1n, to: 2n } }, [{ kind: 'whole', field: 'duration', range: { from: 1n, to: 2n } }]],
  ['an open end', { numNodes: { from: 4n, to: 0n } }, [{ kind: 'whole', field: 'num-nodes', range: { from: 4n } }]],
  ['an open beginning', { energy: { from: 0, to: 0.5 } }, [{ kind: 'decimal', field: 'energy', range: { to: 0.5 } }]],
  ['two open ends', { numAccelerators: { from: 0n, to: 0n }, numHWThreads: { from: 0n, to: 0n } }, []],
  ['a negative end', { duration: { from: -1n, to: 5n }, energy: { from: 1, to: -1 } }, []],
  [
    'a key of the footprint',
    { metricStats: [{ metricName: 'a_avg', range: { from: 1, to: 0 } }] },
    [{ kind: 'footprint', key: 'a_avg', range: { from: 1 } }],
  ],
  ['an open range of one', { metricStats: [{ metricName: 'a_avg', range: { from: 0, to: 0 } }] }, []],
  ['a key that no footprint has', { metricStats: [{ metricName: "a') --", range: { from: 1, to: 2 } }] }, [NOTHING]],
  ['the sharing of nodes', { shared: 'none' }, [{ kind: 'member', field: 'shared', values: ['none'] }]],
  ['another word for it', { shared: "x' OR 1" }, [{ kind: 'member', field: 'shared', values: [] }]],
  ['no states', { state: [] }, [{ kind: 'member', field: 'state', values: [] }]],
  ['a schedule', { schedule: 'batch' }, [{ kind: 'schedule', schedule: 'batch' }]],
  ['another word for it', { schedule: 'nightly' }, []],
  [
    'a word for a time',
    { startTime: { range: 'last24h' } },
    [{ kind: 'whole', field: 'start-time', range: { from: BigInt(NOW - 86_400) } }],
  ],
  ['another word for it', { startTime: { range: 'yesterday' } }, []],
  [
    'times before a word',
    { startTime: { range: 'last6h', to: 9n } },
    [{ kind: 'whole', field: 'start-time', range: { to: 9n } }],
  ],
  ['tags', { tags: ['1', '7'] }, [{ kind: 'tag', ids: [1n, 7n] }]],
  ['a job id', { jobId: { eq: '0042' } }, [{ kind: 'id', field: 'job-id', values: [42n] }]],
  ['a text that is no job id', { jobId: { eq: 'x' } }, [{ kind: 'id', field: 'job-id', values: [] }]],
  [
    'a part of a job id',
    { jobId: { contains: '42' } },
    [{ kind: 'digits', field: 'job-id', operator: 'contains', values: ['42'] }],
  ],
  ['another job id', { jobId: { neq: '042' } }, [{ kind: 'digits', field: 'job-id', operator: 'not', values: ['42'] }]],
  ['another text', { jobId: { neq: 'x' } }, [{ kind: 'digits', field: 'job-id', operator: 'not', values: ['x'] }]],
])('%s', (_, input, conditions) => {
  expect(jobFilterOf([input], NOW)).toEqual(conditions);
});

test('the elements of a list are joined', () => {
  expect(jobFilterOf([{ arrayJobId: 1n }, {}, { dbId: ['2'] }], NOW)).toEqual([
    { kind: 'id', field: 'array-job-id', values: [1n] },
    { kind: 'id', field: 'db-id', values: [2n] },
  ]);
  expect(jobFilterOf(null, NOW)).toEqual([]);
});

test.each<[string, JobFilterInput[], string]>([
  ['too many ids', [{ dbId: Array(2_001).fill('1') }], 'filter.0.dbId: at most 2000'],
  ['too many names', [{}, { user: { in: Array(2_001).fill('a') } }], 'filter.1.user: at most 2000'],
  ['too many conditions', Array(201).fill({ shared: 'none' }), 'at most 200 conditions'],
  ['an id that is none', [{ tags: ['1; DROP'] }], 'filter.0.tags must be whole numbers'],
  ['a long text', [{ jobName: { contains: 'x'.repeat(60_000) } }], 'filter.0.jobName is longer than'],
])('%s', (_, input, problem) => {
  expect(() => jobFilterOf(input, NOW)).toThrow(problem);
});
