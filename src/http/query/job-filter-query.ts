import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import { ALL_FIELDS, type AnyField, type FieldOf, METRIC } from '../../jobs/fields.ts';
import { type Condition, checkText, isFootprintKey, type JobFilter } from '../../jobs/filter.ts';
import { PAGE_SIZE } from '../../jobs/order.ts';
import type { AppEnv } from '../env.ts';
import { nowSec, queryOf } from '../request.ts';
import {
  count,
  many,
  once,
  type QueryOf,
  type QueryParameter,
  type QueryShape,
  readQuery,
} from './query-parameters.ts';
import { decimalRange, oneOf, RECENT_WORDS, single, startTimeRange, wholeId, wholeRange } from './query-values.ts';

/** As `URLSearchParams` has them: decoded, in the order sent. */
export type QueryParameters = Iterable<readonly [string, string]>;

/** A parameter of the filter: its documentation, and the condition that its values make. */
interface Parameter {
  readonly name: string;
  readonly document: z.ZodType;
  readonly make: (values: readonly string[], nowSec: number) => Condition;
}

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
      return parameter(once(`range of the ${words}: ${RANGE}, or ${RECENT_WORDS}`, example), (values, nowSec) => ({
        kind: 'whole',
        field: field.name,
        range: startTimeRange(name, single(name, values), nowSec),
      }));
    case 'whole':
      return parameter(once(`range of the ${words}: ${RANGE}`, example), (values) => ({
        kind: 'whole',
        field: field.name,
        range: wholeRange(name, single(name, values)),
      }));
    case 'decimal':
      return parameter(once(`range of the ${words}: ${RANGE}, decimals allowed`, example), (values) => ({
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
    kind === 'hosts'
      ? 'at least one host is not one of these'
      : `${name} is not one of these; jobs without a ${name} do not match`;
  const documents = [
    ['is', many(`exact ${api.words}`)],
    ['contains', many(`${name} contains one of these texts (A-Z match a-z; no wildcards)`)],
    ['starts-with', many(`${name} starts with one of these texts (A-Z match a-z; no wildcards)`)],
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

/**
 * The filter of a query string. Throws invalid_request naming the parameter: for an unknown one, for a value it cannot
 * have, for a text above 50,000 bytes. `also` are parameters of the route that are no conditions.
 */
export function parseFilter(
  parameters: QueryParameters,
  at: number = Math.floor(Date.now() / 1000),
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
  return [...byName].map(([name, values]) => condition(name, values, at));
}

function condition(name: string, values: readonly string[], at: number): Condition {
  const parameter = PARAMETERS.get(name);
  if (parameter !== undefined) return parameter.make(values, at);
  const key = name.startsWith(METRIC) ? name.slice(METRIC.length) : '';
  if (!isFootprintKey(key)) throw new Fault('invalid_request', `invalid query parameter: ${name.slice(0, 200)}`);
  return { kind: 'footprint', key, range: decimalRange(name, single(name, values)) };
}

/**
 * The query of a route about many jobs: the filter, and the parameters of its own. `document` is for OpenAPI: it takes whatever comes, and
 * `read` is the only parser.
 */
export function filterQuery<Own extends QueryShape>(own: Own) {
  const documents = Object.entries(own).map(([name, { document }]) => [name, document] as const);
  const parse = (query: URLSearchParams, at?: number): QueryOf<Own> & { readonly filter: JobFilter } => {
    const filter = parseFilter(query, at, Object.keys(own));
    return { ...readQuery(query, own), filter };
  };
  return {
    document: JobFilterQuery.extend(Object.fromEntries(documents)),
    parse,
    /** The query of this request. Throws invalid_request that names the parameter. */
    read: (c: Context<AppEnv>) => parse(queryOf(c), nowSec(c)),
  };
}

/** Presence switches it on whatever it says, save the two words by which clients say no (contract/rest.md §14). */
const WITH_METADATA: QueryParameter<boolean> = {
  document: once('include metaData; false and 0 exclude it', 'true'),
  read: (_, values) => values.length > 0 && !values.includes('false') && !values.includes('0'),
};

/** The query of a list of jobs. */
export const JobListQuery = filterQuery({
  page: count(1, 'page number, starting at 1; default 1'),
  'items-per-page': count(PAGE_SIZE, `jobs per page; default ${PAGE_SIZE}`),
  'with-metadata': WITH_METADATA,
});
