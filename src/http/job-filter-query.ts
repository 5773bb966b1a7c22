import { z } from '@hono/zod-openapi';
import { Fault } from '../faults.ts';
import { type Condition, checkText, isFootprintKey, type JobFilter, type TextField } from '../jobs/filter.ts';
import { JOB_STATES, SHARED } from '../jobs/job.ts';
import type { PageRequest } from '../jobs/order.ts';
import { decimalRange, startTimeRange, wholeId, wholeRange } from './query-values.ts';

/** As `URLSearchParams` has them: decoded, in the order sent. */
export type QueryParameters = Iterable<readonly [string, string]>;

const many = (description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({ type: 'array', items: { type: 'string' }, description });
const once = (description: string, example: string) => z.string().optional().openapi({ description, example });

const operators = (field: string) => ({
  [`${field}.contains`]: many(`${field} holds one of these texts (A-Z fold to a-z; no wildcards)`),
  [`${field}.starts-with`]: many(`${field} begins with one of these texts (A-Z fold to a-z; no wildcards)`),
  [`${field}.not`]: many(
    field === 'node'
      ? 'at least one host is none of these'
      : `${field} is none of these; jobs without one do not match`,
  ),
});

/**
 * The filter of every list, count and statistics route, for OpenAPI. All parameters hold (AND); a repeated one means any
 * of its values. It lets other keys pass: `parseFilter` refuses them by name, `metric.NAME` cannot be listed.
 */
export const JobFilterQuery = z.looseObject({
  cluster: many('cluster, exactly'),
  subcluster: many('subcluster, exactly'),
  partition: many('partition, exactly'),
  project: many('project, exactly'),
  user: many('user, exactly'),
  'job-name': many('jobName of the metadata, exactly'),
  node: many('a host of the job, exactly'),
  ...operators('project'),
  ...operators('user'),
  ...operators('job-name'),
  ...operators('node'),
  'job-id': many('job id of the scheduler'),
  'array-job-id': many('array job id of the scheduler; 0: no array job'),
  'db-id': many('database id'),
  tag: many('database id of a tag; one the caller may not read matches nothing'),
  state: many(`job state: ${JOB_STATES.join(', ')}`),
  shared: many(`sharing of nodes: ${SHARED.join(', ')}`),
  schedule: once('interactive: jobName is "interactive"; batch: it is another', 'batch'),
  'start-time': once('Unix seconds A-B, A- or -B, both ends included, or last6h, last24h, last7d, last30d', 'last24h'),
  duration: once('stored duration in seconds: A-B, A- or -B', '3600-'),
  'num-nodes': once('number of nodes: A-B, A- or -B', '2-16'),
  'num-acc': once('number of accelerators: A-B, A- or -B', '1-'),
  'num-hwthreads': once('number of hardware threads: A-B, A- or -B', '-128'),
  energy: once('energy in kWh: A-B, A- or -B, decimals allowed', '0.5-10'),
});

/** What a list takes beside the filter. */
export const JobListQuery = JobFilterQuery.extend({
  page: once('page, from 1; default 1', '1'),
  'items-per-page': once('jobs of a page, from 1 on; default 25', '25'),
  'with-metadata': once('with each job its metaData; false or 0: without', 'true'),
});

const TEXT_OPERATORS = ['contains', 'starts-with', 'not'] as const;
const EXACT_FIELDS: readonly TextField[] = [
  'cluster',
  'subcluster',
  'partition',
  'project',
  'user',
  'job-name',
  'node',
];
const OPERATOR_FIELDS: readonly TextField[] = ['project', 'user', 'job-name', 'node'];
type Make = (name: string, values: readonly string[], nowSec: number) => Condition;

/** From the name of a parameter to its condition. */
const CONDITIONS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ...EXACT_FIELDS.map((field): [string, Make] => [
    field,
    (_, values) => ({ kind: 'text', field, operator: 'is', values }),
  ]),
  ...OPERATOR_FIELDS.flatMap((field) =>
    TEXT_OPERATORS.map((operator): [string, Make] => [
      `${field}.${operator}`,
      (_, values) => ({ kind: 'text', field, operator, values }),
    ]),
  ),
  ...(['db-id', 'job-id', 'array-job-id'] as const).map((field): [string, Make] => [
    field,
    (name, values) => ({ kind: 'id', field, values: values.map((value) => wholeId(name, value)) }),
  ]),
  ['tag', (name, values) => ({ kind: 'tag', ids: values.map((value) => wholeId(name, value)) })],
  ['state', (name, values) => ({ kind: 'state', values: values.map((value) => oneOf(name, value, JOB_STATES)) })],
  ['shared', (name, values) => ({ kind: 'shared', values: values.map((value) => oneOf(name, value, SHARED)) })],
  [
    'schedule',
    (name, values) => ({ kind: 'schedule', schedule: oneOf(name, single(name, values), ['interactive', 'batch']) }),
  ],
  [
    'start-time',
    (name, values, nowSec) => ({
      kind: 'whole',
      field: 'start-time',
      range: startTimeRange(name, single(name, values), nowSec),
    }),
  ],
  ...(['duration', 'num-nodes', 'num-acc', 'num-hwthreads'] as const).map((field): [string, Make] => [
    field,
    (name, values) => ({ kind: 'whole', field, range: wholeRange(name, single(name, values)) }),
  ]),
  ['energy', (name, values) => ({ kind: 'energy', range: decimalRange(name, single(name, values)) })],
]);

/**
 * The filter of a query string. Throws invalid_request naming the parameter: for an unknown one, for a value it cannot
 * have, for a text above 50,000 bytes. `also` are parameters of the route that are no conditions.
 */
export function parseFilter(
  parameters: QueryParameters,
  nowSec: number = Math.floor(Date.now() / 1000),
  also: readonly string[] = [],
): JobFilter {
  const byName = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    if (also.includes(name)) continue;
    checkText(`query parameter ${name.slice(0, 100)}`, value);
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  }
  return [...byName].map(([name, values]) => condition(name, values, nowSec));
}

function condition(name: string, values: readonly string[], nowSec: number): Condition {
  const make = CONDITIONS.get(name);
  if (make !== undefined) return make(name, values, nowSec);
  const key = name.startsWith('metric.') ? name.slice('metric.'.length) : '';
  if (!isFootprintKey(key)) throw new Fault('invalid_request', `invalid query parameter: ${name.slice(0, 200)}`);
  return { kind: 'footprint', key, range: decimalRange(name, single(name, values)) };
}

export interface JobList extends PageRequest {
  filter: JobFilter;
  withMetadata: boolean;
}

/** The query string of a list: the filter, the page, and whether metadata is wanted. Throws as `parseFilter`. */
export function parseJobList(parameters: QueryParameters, nowSec?: number): JobList {
  const all = [...parameters];
  const valuesOf = (name: string) => all.filter(([key]) => key === name).map(([, value]) => value);
  const metadata = valuesOf('with-metadata');
  return {
    filter: parseFilter(all, nowSec, ['page', 'items-per-page', 'with-metadata']),
    page: count('page', valuesOf('page'), 1),
    itemsPerPage: count('items-per-page', valuesOf('items-per-page'), 25),
    // Presence switches it on whatever it says, save the two words by which clients say no (contract/rest.md §14).
    withMetadata: metadata.length > 0 && !metadata.includes('false') && !metadata.includes('0'),
  };
}

/** A page number or size: whole, from 1 to 2^53 - 1. */
export function count(name: string, values: readonly string[], otherwise: number): number {
  if (values.length === 0) return otherwise;
  const text = single(name, values);
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && Number.isSafeInteger(value)) return value;
  throw new Fault('invalid_request', `query parameter ${name} must be a whole number from 1 on`);
}

/** The one value of a parameter that cannot mean "any of them". */
export function single(name: string, values: readonly string[]): string {
  const [value] = values;
  if (values.length === 1 && value !== undefined) return value;
  throw new Fault('invalid_request', `query parameter ${name} must be given once`);
}

/** A member of a closed set. */
export function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === text);
  if (value !== undefined) return value;
  throw new Fault('invalid_request', `query parameter ${name} must be one of ${values.join(', ')}`);
}
