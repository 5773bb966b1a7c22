import { z } from '@hono/zod-openapi';
import { Fault } from '../faults.ts';
import { ALL_FIELDS, type AnyField, type FieldOf, METRIC } from '../jobs/fields.ts';
import { type Condition, checkText, isFootprintKey, type JobFilter } from '../jobs/filter.ts';
import type { PageRequest } from '../jobs/order.ts';
import { decimalRange, RECENT_WORDS, startTimeRange, wholeId, wholeRange } from './query-values.ts';

/** As `URLSearchParams` has them: decoded, in the order sent. */
export type QueryParameters = Iterable<readonly [string, string]>;

/** A parameter of the filter: its documentation, and the condition that its values make. */
interface Parameter {
  readonly name: string;
  readonly document: z.ZodType;
  readonly make: (values: readonly string[], nowSec: number) => Condition;
}

const many = (description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({ type: 'array', items: { type: 'string' }, description });
const once = (description: string, example: string) => z.string().optional().openapi({ description, example });

const RANGE = 'A-B, A- or -B';

function parametersOf(field: AnyField): Parameter[] {
  const { name } = field;
  const { words, example } = field.api;
  const parameter = (document: z.ZodType, make: Parameter['make']) => [{ name, document, make }];
  switch (field.kind) {
    case 'text':
    case 'name':
    case 'hosts':
      return textParameters(field);
    case 'id':
      return parameter(many(words), (values) => ({ kind: 'id', field: field.name, values: idsOf(name, values) }));
    case 'tag':
      return parameter(many(words), (values) => ({ kind: 'tag', ids: idsOf(name, values) }));
    case 'member':
      return parameter(many(`${words}: ${field.members.join(', ')}`), (values) => ({
        kind: 'member',
        field: field.name,
        values: values.map((value) => oneOf(name, value, field.members)),
      }));
    case 'schedule':
      return parameter(once(words, example), (values) => ({
        kind: 'schedule',
        schedule: oneOf(name, single(name, values), field.members),
      }));
    case 'time':
      return parameter(once(`${words}: ${RANGE}, or ${RECENT_WORDS}`, example), (values, nowSec) => ({
        kind: 'whole',
        field: field.name,
        range: startTimeRange(name, single(name, values), nowSec),
      }));
    case 'whole':
      return parameter(once(`${words}: ${RANGE}`, example), (values) => ({
        kind: 'whole',
        field: field.name,
        range: wholeRange(name, single(name, values)),
      }));
    case 'decimal':
      return parameter(once(`${words}: ${RANGE}, decimals allowed`, example), (values) => ({
        kind: 'decimal',
        field: field.name,
        range: decimalRange(name, single(name, values)),
      }));
    case 'footprint':
      return []; // its key is part of the name: `condition` reads it
  }
}

function textParameters(field: FieldOf<'text' | 'name' | 'hosts'>): Parameter[] {
  const { name, kind, api } = field;
  const none =
    kind === 'hosts' ? 'at least one host is none of these' : `${name} is none of these; jobs without one do not match`;
  const documents = [
    ['is', many(`${api.words}, exactly`)],
    ['contains', many(`${name} holds one of these texts (A-Z fold to a-z; no wildcards)`)],
    ['starts-with', many(`${name} begins with one of these texts (A-Z fold to a-z; no wildcards)`)],
    ['not', many(none)],
  ] as const;
  return documents.slice(0, field.operators ? documents.length : 1).map(([operator, document]) => ({
    name: operator === 'is' ? name : `${name}.${operator}`,
    document,
    make: (values) => ({ kind: 'text', field: name, operator, values }),
  }));
}

function idsOf(name: string, values: readonly string[]): bigint[] {
  return values.map((value) => wholeId(name, value));
}

const PARAMETERS: ReadonlyMap<string, Parameter> = new Map(
  ALL_FIELDS.flatMap(parametersOf).map((parameter) => [parameter.name, parameter]),
);

/**
 * The filter of every list, count and statistics route, for OpenAPI. All parameters hold (AND); a repeated one means any
 * of its values. It lets other keys pass: `parseFilter` refuses them by name, `metric.NAME` cannot be listed.
 */
export const JobFilterQuery = z.looseObject(
  Object.fromEntries([...PARAMETERS].map(([name, { document }]) => [name, document])),
);

/** What a list takes beside the filter. */
export const JobListQuery = JobFilterQuery.extend({
  page: once('page, from 1; default 1', '1'),
  'items-per-page': once('jobs of a page, from 1 on; default 25', '25'),
  'with-metadata': once('with each job its metaData; false or 0: without', 'true'),
});

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
  const parameter = PARAMETERS.get(name);
  if (parameter !== undefined) return parameter.make(values, nowSec);
  const key = name.startsWith(METRIC) ? name.slice(METRIC.length) : '';
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
