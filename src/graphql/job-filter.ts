import { FIELDS } from '../jobs/fields.ts';
import {
  type Condition,
  type DecimalField,
  isFootprintKey,
  type JobFilter,
  type Range,
  type TextField,
  type WholeField,
} from '../jobs/filter.ts';
import { type JobState, SHARED, type Shared } from '../jobs/job-enums.ts';
import { RECENT } from '../jobs/recent-periods.ts';
import { checkConditionCount, type Given, idsOf, isGiven, operatorOf, type StringInput } from './argument-values.ts';

interface RangeInput<Value> {
  readonly from: Value;
  readonly to: Value;
}

interface TimeRangeInput {
  readonly range?: Given<string>;
  readonly from?: Given<bigint>;
  readonly to?: Given<bigint>;
}

export interface JobFilterInput {
  readonly tags?: Given<readonly string[]>;
  readonly dbId?: Given<readonly string[]>;
  readonly jobId?: Given<StringInput>;
  readonly arrayJobId?: Given<bigint>;
  readonly user?: Given<StringInput>;
  readonly project?: Given<StringInput>;
  readonly jobName?: Given<StringInput>;
  readonly cluster?: Given<StringInput>;
  readonly subCluster?: Given<StringInput>;
  readonly partition?: Given<StringInput>;
  readonly duration?: Given<RangeInput<bigint>>;
  readonly energy?: Given<RangeInput<number>>;
  readonly numNodes?: Given<RangeInput<bigint>>;
  readonly numAccelerators?: Given<RangeInput<bigint>>;
  readonly numHWThreads?: Given<RangeInput<bigint>>;
  readonly startTime?: Given<TimeRangeInput>;
  readonly state?: Given<readonly JobState[]>;
  readonly metricStats?: Given<readonly { metricName: string; range: RangeInput<number> }[]>;
  readonly shared?: Given<string>;
  readonly schedule?: Given<string>;
  readonly node?: Given<StringInput>;
}

const TEXTS = {
  user: 'user',
  project: 'project',
  jobName: 'job-name',
  cluster: 'cluster',
  subCluster: 'subcluster',
  partition: 'partition',
  node: 'node',
} as const satisfies Partial<Record<keyof JobFilterInput, TextField>>;

const WHOLES = {
  duration: 'duration',
  numNodes: 'num-nodes',
  numAccelerators: 'num-acc',
  numHWThreads: 'num-hwthreads',
} as const satisfies Partial<Record<keyof JobFilterInput, WholeField>>;

/**
 * Returns the conditions of a filter (contract/graphql.md §3). Throws invalid_request with the field. Two differences to
 * cc-backend: `%` and `_` are ordinary characters, and `startsWith` of node works.
 */
export function jobFilterOf(filters: Given<readonly JobFilterInput[]>, nowSec: number): JobFilter {
  const conditions = (filters ?? []).flatMap((filter, index) => conditionsOf(filter, `filter.${index}`, nowSec));
  checkConditionCount(conditions);
  return conditions;
}

function conditionsOf(filter: JobFilterInput, at: string, nowSec: number): Condition[] {
  const conditions: (Condition | undefined)[] = [
    isGiven(filter.dbId) ? { kind: 'id', field: 'db-id', values: idsOf(filter.dbId, `${at}.dbId`) } : undefined,
    isGiven(filter.tags) ? { kind: 'tag', ids: idsOf(filter.tags, `${at}.tags`) } : undefined,
    isGiven(filter.arrayJobId) ? { kind: 'id', field: 'array-job-id', values: [filter.arrayJobId] } : undefined,
    jobId(filter.jobId, `${at}.jobId`),
    ...Object.entries(TEXTS).map(([name, field]) => text(filter[name as keyof typeof TEXTS], field, `${at}.${name}`)),
    ...Object.entries(WHOLES).map(([name, field]) => whole(filter[name as keyof typeof WHOLES], field)),
    decimal(filter.energy, 'energy'),
    time(filter.startTime, nowSec),
    isGiven(filter.state) ? { kind: 'member', field: 'state', values: filter.state } : undefined,
    ...(filter.metricStats ?? []).map(footprint),
    isGiven(filter.shared)
      ? { kind: 'member', field: 'shared', values: isShared(filter.shared) ? [filter.shared] : [] }
      : undefined,
    schedule(filter.schedule),
  ];
  return conditions.filter((condition) => condition !== undefined);
}

function isShared(value: string): value is Shared {
  return SHARED.some((known) => known === value);
}

function schedule(value: Given<string>): Condition | undefined {
  const known = FIELDS.schedule.members.find((member) => member === value);
  return known === undefined ? undefined : { kind: 'schedule', schedule: known };
}

function text(input: Given<StringInput>, field: TextField, at: string): Condition | undefined {
  const asked = operatorOf(input, at);
  if (asked === undefined) return undefined;
  if (asked.operator !== 'in') return { kind: 'text', field, operator: asked.operator, values: asked.values };
  // cc-backend ignores it for what is not a column.
  if (field === 'job-name' || field === 'node') return undefined;
  return { kind: 'text', field, operator: 'is', values: asked.values };
}

/** Numbers are compared as numbers, parts of them as text. */
function jobId(input: Given<StringInput>, at: string): Condition | undefined {
  const asked = operatorOf(input, at);
  if (asked === undefined) return undefined;
  const numbers = asked.values.filter((value) => /^-?\d{1,18}$/.test(value)).map(BigInt);
  switch (asked.operator) {
    case 'is':
    case 'in':
      return { kind: 'id', field: 'job-id', values: numbers };
    case 'not':
      return {
        kind: 'digits',
        field: 'job-id',
        operator: 'not',
        values: numbers.length > 0 ? numbers.map(String) : ['x'],
      };
    default:
      return { kind: 'digits', field: 'job-id', operator: asked.operator, values: asked.values };
  }
}

function whole(input: Given<RangeInput<bigint>>, field: WholeField): Condition | undefined {
  const range = isGiven(input) ? rangeOf(input) : undefined;
  return range === undefined ? undefined : { kind: 'whole', field, range };
}

function decimal(input: Given<RangeInput<number>>, field: DecimalField): Condition | undefined {
  const range = isGiven(input) ? rangeOf(input) : undefined;
  return range === undefined ? undefined : { kind: 'decimal', field, range };
}

function footprint({ metricName, range: input }: { metricName: string; range: RangeInput<number> }) {
  // No footprint has another key, so nothing matches.
  if (!isFootprintKey(metricName)) return { kind: 'id', field: 'db-id', values: [] } as const;
  const range = rangeOf(input);
  return range === undefined ? undefined : ({ kind: 'footprint', key: metricName, range } as const);
}

/** An end of 0 is open. Two open ends, and negative ones, restrict nothing. */
function rangeOf<Value extends bigint | number>({ from, to }: RangeInput<Value>): Range<Value> | undefined {
  if (from < 0 || to < 0 || (from <= 0 && to <= 0)) return undefined;
  return { ...(from > 0 ? { from } : {}), ...(to > 0 ? { to } : {}) };
}

function time(input: Given<TimeRangeInput>, nowSec: number): Condition | undefined {
  if (!isGiven(input)) return undefined;
  const { from, to, range: word } = input;
  const range = { ...(isGiven(from) && from !== 0n ? { from } : {}), ...(isGiven(to) && to !== 0n ? { to } : {}) };
  if (Object.keys(range).length > 0) return { kind: 'whole', field: 'start-time', range };
  const recent = RECENT.find((known) => known.word === word);
  if (recent === undefined) return undefined;
  return { kind: 'whole', field: 'start-time', range: { from: BigInt(nowSec - recent.sec) } };
}
