import fc from 'fast-check';
import { ALL_FIELDS, type AnyField } from '../../src/jobs/fields.ts';
import type { Condition, JobFilter } from '../../src/jobs/filter.ts';
import type { User } from '../../src/jobs/roles.ts';
import { FOOTPRINT_VALUES, TAGS, TEXTS } from './random-jobs.ts';

const texts = fc.array(fc.constantFrom(...TEXTS, '\ud800', 'a\udc00', 'y'.repeat(50_000)), { maxLength: 3 });
const wholes = fc.constantFrom(0n, 1n, 2n, 60n, 300n, 3600n, 1_699_996_400n, 2n ** 40n, 2n ** 63n - 1n);
/** Around the starts and ends of the random jobs, and of those that last a week more. */
const times = fc.constantFrom(
  ...[0n, 1n, 60n, 300n, 1_699_990_000n, 1_699_990_060n, 1_699_996_400n, 1_699_996_401n, 1_700_000_000n],
  ...[1_700_000_500n, 1_700_172_800n, 1_700_595_000n, 1_700_601_300n, 2n ** 32n, 2n ** 40n, 2n ** 63n - 1n],
);
const decimals = fc.constantFrom(...FOOTPRINT_VALUES.filter((value) => value >= 0), 0.1, 0.30000000000000004);
const ids = fc.array(fc.constantFrom(0n, 1n, 2n, 3n, 4n, 7n, 2n ** 53n - 3n, 2n ** 53n + 1n), { maxLength: 4 });

function range<Value>(values: fc.Arbitrary<Value>) {
  return fc.record({ from: values, to: values }, { requiredKeys: [] });
}

/** Half-open ranges of times. */
export const randomWindow = range(times).filter(({ from, to }) => from === undefined || to === undefined || from < to);

const operators = fc.constantFrom('is', 'contains', 'starts-with', 'ends-with', 'not' as const);
const digits = fc.array(fc.constantFrom('', '0', '1', '-', '99', '90071992547409', 'x'), { maxLength: 3 });

export function conditionsOf(field: AnyField): fc.Arbitrary<Condition> {
  switch (field.kind) {
    case 'text':
    case 'name':
    case 'hosts':
      return fc
        .tuple(operators, texts)
        .map(([operator, values]) => ({ kind: 'text', field: field.name, operator, values }));
    case 'id':
      return fc.oneof(
        ids.map((values) => ({ kind: 'id', field: field.name, values }) as const),
        fc
          .tuple(operators, digits)
          .map(([operator, values]) => ({ kind: 'digits', field: field.name, operator, values }) as const),
      );
    case 'member':
      return fc
        .subarray([...field.members, ...field.members])
        .map((values) => ({ kind: 'member', field: field.name, values }));
    case 'tag':
      return fc.subarray([...TAGS.keys(), 99n]).map((tags) => ({ kind: 'tag', ids: tags }));
    case 'schedule':
      return fc.constantFrom(...field.members).map((schedule) => ({ kind: 'schedule', schedule }));
    case 'time':
    case 'whole':
    case 'derived':
      return range(wholes).map((within) => ({ kind: 'whole', field: field.name, range: within }));
    case 'during':
      return fc
        .tuple(randomWindow, fc.constantFrom(0, 1_699_996_400, 1_700_000_000, 1_700_001_000))
        .map(([within, nowSec]) => ({ kind: 'during', range: within, nowSec }));
    case 'ended':
      return range(times).map((within) => ({ kind: 'ended', range: within }));
    case 'decimal':
    case 'fraction':
      return range(decimals).map((within) => ({ kind: 'decimal', field: field.name, range: within }));
    case 'footprint':
      return fc
        .tuple(fc.constantFrom('load_avg', 'mem_max', 'other_avg', 'missing', 'no"key'), range(decimals))
        .map(([key, within]) => ({ kind: 'footprint', key, range: within }));
  }
}

export const randomFilter: fc.Arbitrary<JobFilter> = fc.array(fc.oneof(...ALL_FIELDS.map(conditionsOf)), {
  maxLength: 3,
});

/** Every role that sees jobs, with names and projects that occur in some rows. */
export const randomUser: fc.Arbitrary<User> = fc.record({
  name: fc.constantFrom('a', 'b', 'admin', 'nobody'),
  roles: fc
    .constantFrom(['api'], ['admin', 'api'], ['support'], ['manager', 'api'], ['user', 'api'])
    .map((roles) => new Set(roles)),
  projects: fc.subarray(['', 'a', 'A', "'"]),
});
