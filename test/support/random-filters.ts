import fc from 'fast-check';
import type { Condition, JobFilter } from '../../src/jobs/filter.ts';
import { JOB_STATES, SHARED } from '../../src/jobs/job.ts';
import type { User } from '../../src/jobs/roles.ts';
import { FOOTPRINT_VALUES, TAGS, TEXTS } from './random-jobs.ts';

const texts = fc.array(fc.constantFrom(...TEXTS, '\ud800', 'a\udc00', 'y'.repeat(50_000)), { maxLength: 3 });
const wholes = fc.constantFrom(0n, 1n, 2n, 60n, 300n, 3600n, 1_699_996_400n, 2n ** 40n, 2n ** 63n - 1n);
const decimals = fc.constantFrom(...FOOTPRINT_VALUES.filter((value) => value >= 0), 0.1, 0.30000000000000004);
const ids = fc.array(fc.constantFrom(0n, 1n, 2n, 3n, 4n, 7n, 2n ** 53n - 3n, 2n ** 53n + 1n), { maxLength: 4 });

function range<Value>(values: fc.Arbitrary<Value>) {
  return fc.record({ from: values, to: values }, { requiredKeys: [] });
}

const condition: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('text' as const),
      field: fc.constantFrom('cluster', 'subcluster', 'partition', 'project', 'user', 'job-name', 'node' as const),
      operator: fc.constantFrom('is', 'contains', 'starts-with', 'not' as const),
      values: texts,
    }),
  },
  fc.record({
    kind: fc.constant('id' as const),
    field: fc.constantFrom('db-id', 'job-id', 'array-job-id' as const),
    values: ids,
  }),
  fc.record({ kind: fc.constant('state' as const), values: fc.subarray([...JOB_STATES, ...JOB_STATES]) }),
  fc.record({ kind: fc.constant('shared' as const), values: fc.subarray([...SHARED]) }),
  fc.record({ kind: fc.constant('tag' as const), ids: fc.subarray([...TAGS.keys(), 99n]) }),
  fc.record({ kind: fc.constant('schedule' as const), schedule: fc.constantFrom('interactive', 'batch' as const) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('whole' as const),
      field: fc.constantFrom('start-time', 'duration', 'num-nodes', 'num-acc', 'num-hwthreads' as const),
      range: range(wholes),
    }),
  },
  fc.record({ kind: fc.constant('energy' as const), range: range(decimals) }),
  fc.record({
    kind: fc.constant('footprint' as const),
    key: fc.constantFrom('load_avg', 'mem_max', 'other_avg', 'missing', 'no"key'),
    range: range(decimals),
  }),
);

export const randomFilter: fc.Arbitrary<JobFilter> = fc.array(condition, { maxLength: 3 });

/** Every role that sees jobs; names and projects that some rows have. */
export const randomUser: fc.Arbitrary<User> = fc.record({
  name: fc.constantFrom('a', 'b', 'admin', 'nobody'),
  roles: fc
    .constantFrom(['api'], ['admin', 'api'], ['support'], ['manager', 'api'], ['user', 'api'])
    .map((roles) => new Set(roles)),
  projects: fc.subarray(['', 'a', 'A', "'"]),
});
