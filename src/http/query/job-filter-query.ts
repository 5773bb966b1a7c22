import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import { ALL_FIELDS, type AnyField, type FieldOf, fieldOfParameter, METRIC } from '../../jobs/fields.ts';
import { type Condition, checkText, isFootprintKey, type JobFilter, type Range } from '../../jobs/filter.ts';
import { RECENT } from '../../jobs/recent-periods.ts';
import { hasTimes, type Now, RANGE_WORDS, rangeEndOf, timeRange, zoneOf } from '../../jobs/time-grammar.ts';
import { type TimeZone, UTC } from '../../jobs/time-zone.ts';
import { nowSec, queryOf } from '../request-values.ts';
import type { AppEnv } from '../service.ts';
import { many, once } from './query-parameters.ts';
import { decimalRange, ofParameter, oneOf, parameterNamed, single, wholeId, wholeRange } from './query-values.ts';

/** The entries of `URLSearchParams`: decoded, in the order sent. */
export type QueryParameters = Iterable<readonly [string, string]>;

/** A parameter of the filter: its documentation, and the condition built from its values. */
interface Parameter {
  readonly name: string;
  readonly document: z.ZodType;
  /** Throws an invalid_request that describes a valid value. */
  readonly make: (values: readonly string[], now: Now) => Condition;
}

const RANGE = 'A-B, A- or -B';
const TIME_RANGE = `${RANGE_WORDS}, or ${RECENT.map(({ word }) => word).join(', ')}`;

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
      return parameter(texts(words), (values) => ({ kind: 'id', field: field.name, values: values.map(wholeId) }));
    case 'tag':
      return parameter(texts(words), (values) => ({ kind: 'tag', ids: values.map(wholeId) }));
    case 'member':
      return parameter(texts(`${words}: ${field.members.join(', ')}`), (values) => ({
        kind: 'member',
        field: field.name,
        values: values.map((value) => oneOf(value, field.members)),
      }));
    case 'schedule':
      return parameter(text(words, example), (values) => ({
        kind: 'schedule',
        schedule: oneOf(single(values), field.members),
      }));
    case 'time':
      return parameter(text(`range of the ${words}: ${TIME_RANGE}`, example), (values, now) => ({
        kind: 'whole',
        field: field.name,
        range: timeRange(single(values), rangeEndOf(field), now),
      }));
    case 'during':
      return parameter(text(`range of times, ${words}: ${TIME_RANGE}`, example), (values, now) => ({
        kind: 'during',
        range: timeRange(single(values), rangeEndOf(field), now),
        nowSec: now.nowSec,
      }));
    case 'ended':
      return parameter(text(`range of the ${words}: ${TIME_RANGE}`, example), (values, now) => ({
        kind: 'ended',
        range: timeRange(single(values), rangeEndOf(field), now),
      }));
    case 'whole':
    case 'derived':
      return parameter(text(`range of the ${words}: ${RANGE}`, example), (values) => ({
        kind: 'whole',
        field: field.name,
        range: wholeRange(single(values)),
      }));
    case 'decimal':
    case 'fraction':
      return parameter(text(`range of the ${words}: ${RANGE}, decimals allowed`, example), (values) => ({
        kind: 'decimal',
        field: field.name,
        range: decimalRange(single(values)),
      }));
    case 'footprint':
      return []; // the key is part of the name: see `condition`
  }
}

function text(description: string, example: string): z.ZodType {
  return once(String, undefined, { description, example });
}

function texts(description: string): z.ZodType {
  return many(String, undefined, { description });
}

function textParameters(field: FieldOf<'text' | 'name' | 'hosts'>): Parameter[] {
  const { name, kind, api } = field;
  const none =
    kind === 'hosts'
      ? 'at least one host is not one of these'
      : `${name} is not one of these; jobs without a ${name} do not match`;
  const documents = [
    ['is', texts(`exact ${api.words}`)],
    ['contains', texts(`${name} contains one of these texts (A-Z match a-z; no wildcards)`)],
    ['starts-with', texts(`${name} starts with one of these texts (A-Z match a-z; no wildcards)`)],
    ['ends-with', texts(`${name} ends with one of these texts (A-Z match a-z; no wildcards)`)],
    ['not', texts(none)],
  ] as const;
  return documents.slice(0, field.operators ? documents.length : 1).map(([operator, document]) => ({
    name: operator === 'is' ? name : `${name}.${operator}`,
    document,
    make: (values) => ({ kind: 'text', field: name, operator, values }),
  }));
}

const PARAMETERS: ReadonlyMap<string, Parameter> = new Map(
  ALL_FIELDS.flatMap(parametersOf).map((parameter) => [parameter.name, parameter]),
);

/** The parameter for the time zone of dates. It is not a condition. */
export const ZONE = 'zone';

/** The query of a route without a filter that takes a time. */
export const ZoneQuery = z.strictObject({
  [ZONE]: once(zoneOf, UTC, {
    description: 'time zone of dates that do not say it; default UTC',
    example: 'Europe/Berlin',
  }),
});

/**
 * The filter of every list, count and statistics route, for OpenAPI. All parameters must hold (AND); a repeated one
 * means any of its values. Accepts any key and value; `parseFilter` refuses unknown ones. A schema cannot list
 * `metric.NAME`, and times depend on now.
 */
export const JobFilterQuery = z.looseObject(
  // The type has no names, so that a route which extends it keeps the types of its own parameters.
  Object.fromEntries([
    ...[...PARAMETERS].map(([name, { document }]) => [name, document]),
    ...Object.entries(ZoneQuery.shape),
  ]) as Record<never, z.ZodType>,
);

/**
 * Parses the filter of a query string. Throws invalid_request with the parameter if it is unknown, its value is
 * invalid, or its text exceeds 50,000 bytes. `also` lists parameters of the route that are not conditions.
 */
export function parseFilter(
  parameters: QueryParameters,
  at: number = Math.floor(Date.now() / 1000),
  also: readonly string[] = [],
): JobFilter {
  const byName = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    if (also.includes(name)) continue;
    checkText(parameterNamed(name), value);
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  }
  const zone = zoneIn(byName.get(ZONE));
  byName.delete(ZONE);
  return [...byName].map(([name, values]) => condition(name, values, { nowSec: at, zone }));
}

/** Returns the filter with its times in Unix seconds, as a form shows them, and without the time zone. */
export function withoutDates(query: URLSearchParams, at: number): URLSearchParams {
  const now = nowOf(query, at);
  const seconds = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === ZONE) continue;
    const field = fieldOfParameter(name);
    if (field !== undefined && hasTimes(field) && !RECENT.some(({ word }) => word === value)) {
      const { from = '', to = '' } = timeRange(value, rangeEndOf(field), now);
      seconds.append(name, `${from}-${to}`);
    } else seconds.append(name, value);
  }
  return seconds;
}

/** The time zone of a request. Throws invalid_request. */
export function zoneAsked(c: Context<AppEnv>): TimeZone {
  return nowOf(queryOf(c), nowSec(c)).zone;
}

function nowOf(query: URLSearchParams, at: number): Now {
  return { nowSec: at, zone: zoneIn(query.has(ZONE) ? query.getAll(ZONE) : undefined) };
}

/** Returns the time zone in the values of the parameter. Throws invalid_request with its name. */
function zoneIn(values: readonly string[] | undefined) {
  return values === undefined ? UTC : ofParameter(ZONE, () => zoneOf(single(values)));
}

function condition(name: string, values: readonly string[], now: Now): Condition {
  const key = name.startsWith(METRIC) ? name.slice(METRIC.length) : '';
  const make = PARAMETERS.get(name)?.make ?? (isFootprintKey(key) ? footprint(key) : undefined);
  if (make === undefined) throw new Fault('invalid_request', `invalid query parameter: ${name.slice(0, 200)}`);
  return ofParameter(name, () => make(values, now));
}

function footprint(key: string): Parameter['make'] {
  return (values) => ({ kind: 'footprint', key, range: decimalRange(single(values)) });
}

/**
 * Returns the filter of a request. `shape` is that of a JobFilterQuery with the route's own parameters. `parameters` are
 * those of the address unless given. Throws invalid_request with the parameter.
 */
export function filterOf(
  c: Context<AppEnv>,
  { shape }: z.ZodObject,
  parameters: QueryParameters = queryOf(c),
): JobFilter {
  const own = Object.keys(shape).filter((name) => name !== ZONE && !PARAMETERS.has(name));
  return parseFilter(parameters, nowSec(c), own);
}

/** A half-open range of times that is no condition. It depends on now and on the time zone, so `timesOf` reads it. */
export function times(words: string, example: string): z.ZodType {
  return text(`range of times, ${words}: ${TIME_RANGE}`, example);
}

/** Returns the IANA name of the time zone of a request. */
export function zoneNameOf(c: Context<AppEnv>): string {
  return nowOf(queryOf(c), nowSec(c)).zone.name;
}

/** Returns undefined if the parameter is missing. Throws invalid_request with its name. */
export function timesOf(c: Context<AppEnv>, name: string): Range<bigint> | undefined {
  const query = queryOf(c);
  if (!query.has(name)) return undefined;
  return ofParameter(name, () => timeRange(single(query.getAll(name)), 'half-open', nowOf(query, nowSec(c))));
}
