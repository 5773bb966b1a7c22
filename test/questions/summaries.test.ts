/** What a summary answers of a filter. */
import { expect, test } from 'vitest';
import { ALL_FIELDS, type AnyField } from '../../src/jobs/fields.ts';
import type { Condition, Range } from '../../src/jobs/filter.ts';
import { Parameters } from '../../src/questions/duckdb-query.ts';
import { alikeJobs, partsOf } from '../../src/questions/summaries/answered-by-summary.ts';
import { type Summaries, summariesFor } from '../../src/questions/summaries/summary-tables.ts';

const DAY = 86_400n;
const [BY_DAY, BY_MONTH, BY_DURATION] = summariesFor(300);
if (BY_DAY === undefined || BY_MONTH === undefined || BY_DURATION === undefined)
  throw new Error('there are three summaries');

/** A condition about each field. The test does not compile if a field of jobs/fields.ts is missing. */
const ABOUT: Record<AnyField['name'], { answers: 'summary' | 'whole days' | 'jobs'; condition: Condition }> = {
  user: { answers: 'summary', condition: { kind: 'text', field: 'user', operator: 'contains', values: ['a'] } },
  project: { answers: 'summary', condition: { kind: 'text', field: 'project', operator: 'not', values: ['a'] } },
  'start-time': { answers: 'whole days', condition: { kind: 'whole', field: 'start-time', range: { from: 1n } } },
  during: { answers: 'jobs', condition: { kind: 'during', range: {}, nowSec: 0 } },
  'end-time': { answers: 'jobs', condition: { kind: 'ended', range: {} } },
  wait: { answers: 'jobs', condition: { kind: 'whole', field: 'wait', range: {} } },
  state: { answers: 'summary', condition: { kind: 'member', field: 'state', values: ['failed'] } },
  'job-name': { answers: 'jobs', condition: { kind: 'text', field: 'job-name', operator: 'is', values: [] } },
  'job-id': { answers: 'jobs', condition: { kind: 'id', field: 'job-id', values: [] } },
  'array-job-id': { answers: 'jobs', condition: { kind: 'digits', field: 'array-job-id', operator: 'is', values: [] } },
  'db-id': { answers: 'jobs', condition: { kind: 'id', field: 'db-id', values: [] } },
  schedule: { answers: 'jobs', condition: { kind: 'schedule', schedule: 'batch' } },
  tag: { answers: 'jobs', condition: { kind: 'tag', ids: [] } },
  cluster: { answers: 'summary', condition: { kind: 'text', field: 'cluster', operator: 'is', values: ['a'] } },
  subcluster: { answers: 'summary', condition: { kind: 'text', field: 'subcluster', operator: 'is', values: ['a'] } },
  partition: { answers: 'summary', condition: { kind: 'text', field: 'partition', operator: 'is', values: [''] } },
  node: { answers: 'jobs', condition: { kind: 'text', field: 'node', operator: 'is', values: ['a'] } },
  shared: { answers: 'summary', condition: { kind: 'member', field: 'shared', values: ['none'] } },
  duration: { answers: 'jobs', condition: { kind: 'whole', field: 'duration', range: { to: 59n } } },
  walltime: { answers: 'jobs', condition: { kind: 'whole', field: 'walltime', range: {} } },
  'num-nodes': { answers: 'summary', condition: { kind: 'whole', field: 'num-nodes', range: { from: 2n } } },
  'num-hwthreads': { answers: 'summary', condition: { kind: 'whole', field: 'num-hwthreads', range: { to: 9n } } },
  'num-acc': { answers: 'summary', condition: { kind: 'whole', field: 'num-acc', range: { from: 1n, to: 2n } } },
  energy: { answers: 'jobs', condition: { kind: 'decimal', field: 'energy', range: {} } },
  'memory-asked': { answers: 'jobs', condition: { kind: 'whole', field: 'memory-asked', range: {} } },
  'walltime-used': { answers: 'jobs', condition: { kind: 'decimal', field: 'walltime-used', range: {} } },
  'cores-used': { answers: 'jobs', condition: { kind: 'decimal', field: 'cores-used', range: {} } },
  'memory-used': { answers: 'jobs', condition: { kind: 'decimal', field: 'memory-used', range: {} } },
  'acc-used': { answers: 'jobs', condition: { kind: 'decimal', field: 'acc-used', range: {} } },
  'metric.NAME': { answers: 'jobs', condition: { kind: 'footprint', key: 'load_avg', range: {} } },
};

test.each(ALL_FIELDS.map(({ name }) => [name, ABOUT[name].answers] as const))('%s: %s', (name, answers) => {
  const { condition } = ABOUT[name];
  for (const summary of [BY_DAY, BY_MONTH, BY_DURATION]) {
    const parts = partsOf([condition], summary);
    if (answers === 'summary') expect(parts).toEqual({ summarized: { spans: {}, conditions: [condition] }, ends: [] });
    else if (answers === 'whole days') expect(parts?.summarized.conditions).toEqual([]);
    else expect(parts).toBeUndefined();
  }
});

test('the jobs of a user or manager are in it, also together with other conditions', () => {
  const visible: Condition = { kind: 'owner', user: 'ada', projects: ['p'] };
  const { condition } = ABOUT.cluster;
  expect(partsOf([condition, visible], BY_DAY)?.summarized.conditions).toEqual([condition, visible]);
  expect(partsOf([ABOUT.node.condition, visible], BY_DAY)).toBeUndefined();
});

const started = (range: Range<bigint>): Condition => ({ kind: 'whole', field: 'start-time', range });

test.each([
  ['no bounds', {}, {}, []],
  ['the edges of days', { from: DAY, to: 3n * DAY - 1n }, { from: 1n, to: 2n }, []],
  [
    'within days',
    { from: DAY + 5n, to: 4n * DAY },
    { from: 2n, to: 3n },
    [
      { from: DAY + 5n, to: 2n * DAY - 1n },
      { from: 4n * DAY, to: 4n * DAY },
    ],
  ],
  ['an open end', { from: 1n }, { from: 1n }, [{ from: 1n, to: DAY - 1n }]],
  ['before 1970', { from: -DAY - 1n, to: -1n }, { from: -1n, to: -1n }, [{ from: -DAY - 1n, to: -DAY - 1n }]],
] as const)('a range of starts with %s is whole days and the rest', (_, range, spans, ends) => {
  const { condition } = ABOUT.user;
  expect(partsOf([condition, started(range)], BY_DAY)).toEqual({
    summarized: { spans, conditions: [condition] },
    ends: ends.map((end) => [condition, started(end)]),
  });
});

test('several ranges of starts count as what they have in common, and without a whole day nothing is answered', () => {
  expect(partsOf([started({ from: 0n, to: 9n * DAY - 1n }), started({ from: DAY })], BY_DAY)).toEqual({
    summarized: { spans: { from: 1n, to: 8n }, conditions: [] },
    ends: [],
  });
  expect(partsOf([started({ from: 1n, to: 2n * DAY - 2n })], BY_DAY)).toBeUndefined();
  expect(partsOf([started({ from: 9n }), started({ to: 3n })], BY_DAY)).toBeUndefined();
});

/** The tables that a question about these starts reads. */
function tablesOf(range: Range<bigint>, leftOut: Summaries['leftOut'] = {}): string[] {
  const index = { parameters: new Parameters(), footprintKeys: [], readableTags: new Set<bigint>() };
  const from = alikeJobs([started(range)], 'jobs_by_month', { ...index, summaries: { shortJobSec: 300, leftOut } });
  return [...(from ?? '').matchAll(/FROM (\w+)/g)].map(([, table]) => String(table));
}

test('days are read before and after whole months, and jobs before and after whole days', () => {
  expect(tablesOf({})).toEqual(['jobs_by_month']);
  expect(tablesOf({ from: 0n, to: 90n * DAY - 1n })).toEqual(['jobs_by_month']);
  expect(tablesOf({ from: DAY, to: 90n * DAY - 1n })).toEqual(['jobs_by_month', 'jobs_by_day']);
  expect(tablesOf({ from: DAY + 1n, to: 90n * DAY })).toEqual(['jobs_by_month', 'jobs_by_day', 'job', 'job']);
  expect(tablesOf({ from: DAY, to: 31n * DAY - 1n })).toEqual(['jobs_by_day']);
  expect(tablesOf({ from: 1n, to: DAY })).toEqual([]);
});

test('days are read if the months are left out, and jobs between months if the days are', () => {
  expect(tablesOf({ from: DAY }, { jobs_by_month: 'test' })).toEqual(['jobs_by_day']);
  expect(tablesOf({ from: DAY }, { jobs_by_day: 'test' })).toEqual(['jobs_by_month', 'job']);
  expect(tablesOf({ from: DAY }, { jobs_by_day: 'test', jobs_by_month: 'test' })).toEqual([]);
});
