import { GraphQLError, GraphQLScalarType, type GraphQLScalarTypeConfig, Kind, type ValueNode } from 'graphql';
import { JsonNumber } from '../http/json/json-parser.ts';
import { JOB_STATES, type JobState } from '../jobs/job-enums.ts';
import type { RawJson } from './raw-json.ts';

/**
 * The scalars of the contract (contract/graphql.md §1). Values of variables come from json-parser.ts: numbers that
 * JavaScript could change are JsonNumber, so that 64-bit integers stay exact.
 */

const INT64 = 2n ** 63n;
const METRIC_SCOPES = ['node', 'socket', 'memoryDomain', 'core', 'hwthread', 'accelerator'];

type Config<Internal, External> = Omit<GraphQLScalarTypeConfig<Internal, External>, 'coerceInputLiteral'> & {
  coerceInputValue: (value: unknown) => Internal;
};

/** A literal is read like the same value in a variable. Its errors have the location in the document. */
function scalar<Internal, External>(config: Config<Internal, External>) {
  return new GraphQLScalarType<Internal, External>({
    ...config,
    coerceInputLiteral(node) {
      try {
        return config.coerceInputValue(literalValue(node));
      } catch (error) {
        throw error instanceof GraphQLError ? new GraphQLError(error.message, { nodes: node }) : error;
      }
    },
  });
}

function literalValue(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return new JsonNumber(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    default:
      return undefined;
  }
}

/** The words of gqlgen, which clients may compare. */
function cannotUse(value: unknown, as: string): GraphQLError {
  const type = value instanceof JsonNumber ? 'number' : typeof value;
  return new GraphQLError(`cannot use ${type} as ${as}`);
}

/** The text of a whole number: in a variable it may be a string. Undefined for other values. */
function wholeText(value: unknown): string | undefined {
  const text = value instanceof JsonNumber ? value.source : typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^-?\d{1,19}$/.test(text) ? text : undefined;
}

/** A whole number of 64 bits. GraphQL's own has 32. */
export const IntType = scalar<bigint, number | bigint>({
  name: 'Int',
  coerceOutputValue(value) {
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return value;
    throw new GraphQLError('the value is not a whole number');
  },
  coerceInputValue(value) {
    const text = wholeText(value);
    const whole = typeof value === 'bigint' ? value : text === undefined ? undefined : BigInt(text);
    if (whole === undefined || whole >= INT64 || whole < -INT64) throw cannotUse(value, 'Int');
    return whole;
  },
});

/** Ids of jobs, tags and nodes are numbers in answers, as those of cc-backend. */
export const IdType = scalar<string, string | number | bigint>({
  name: 'ID',
  coerceOutputValue(value) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
    throw new GraphQLError('the value is not an id');
  },
  coerceInputValue(value) {
    const text = typeof value === 'string' ? value : wholeText(value);
    if (text === undefined) throw cannotUse(value, 'ID');
    return text;
  },
});

export const FloatType = scalar<number, number>({
  name: 'Float',
  coerceOutputValue(value) {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new GraphQLError('the value is not a finite number');
  },
  coerceInputValue(value) {
    const number = typeof value === 'bigint' ? Number(value) : numberOf(value);
    if (number === undefined || !Number.isFinite(number)) throw cannotUse(value, 'Float');
    return number;
  },
});

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const text = value instanceof JsonNumber ? value.source : value;
  return typeof text === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Unix seconds inside, RFC 3339 in UTC outside. */
const TimeType = scalar<bigint | undefined, string>({
  name: 'Time',
  coerceOutputValue(value) {
    const date = new Date(Number(value) * 1000);
    if (!Number.isFinite(date.getTime())) throw new GraphQLError('the time has no year of four digits');
    return date.toISOString().replace('.000Z', 'Z');
  },
  coerceInputValue(value) {
    const seconds = typeof value === 'string' ? secondsOf(value) : undefined;
    if (seconds === undefined) throw cannotUse(value, 'Time: send RFC 3339, such as 2026-01-31T12:00:00Z');
    return seconds;
  },
});

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const PLAIN = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Fractions are cut. An empty text is the beginning of time: no bound. */
function secondsOf(text: string): bigint | undefined {
  if (text === '') return 0n;
  const iso = PLAIN.test(text) ? `${text.replace(' ', 'T')}Z` : text;
  if (!RFC_3339.test(iso)) return undefined;
  const ms = Date.parse(iso);
  return Number.isFinite(ms) ? BigInt(Math.floor(ms / 1000)) : undefined;
}

/** Rounded to two decimals. NaN is null, also where the schema says `NullableFloat!`. */
const NullableFloatType = scalar<number, number | null>({
  name: 'NullableFloat',
  coerceOutputValue: (value) => Math.round(Number(value) * 100) / 100,
  coerceInputValue(value) {
    const number = numberOf(value);
    if (number === undefined) throw cannotUse(value, 'NullableFloat');
    return number;
  },
});

/** Takes the place of every `[NullableFloat!]!`: walking a million samples would take the executor seconds. */
export const SamplesType = scalar<never, RawJson | readonly (number | null)[]>({
  name: 'Samples',
  coerceOutputValue: (value) => value as RawJson | readonly (number | null)[],
  coerceInputValue: (value) => {
    throw cannotUse(value, 'Samples');
  },
});

/** Takes the place of a list of objects that is printed already (list-without-executor.ts). */
export const PrintedType = scalar<never, readonly RawJson[]>({
  name: 'Printed',
  coerceOutputValue: (value) => value as readonly RawJson[],
  coerceInputValue: (value) => {
    throw cannotUse(value, 'Printed');
  },
});

function oneOfType(name: string, members: readonly string[]) {
  return scalar<string, string>({
    name,
    coerceOutputValue: (value) => String(value),
    coerceInputValue(value) {
      if (typeof value === 'string' && members.includes(value)) return value;
      throw new GraphQLError(`must be one of ${members.join(', ')}`);
    },
  });
}

function textType(name: string) {
  return scalar<string, string>({
    name,
    coerceOutputValue: (value) => String(value),
    coerceInputValue(value) {
      if (typeof value === 'string') return value;
      throw cannotUse(value, name);
    },
  });
}

const AnyType = scalar<unknown, unknown>({
  name: 'Any',
  coerceOutputValue: (value) => value,
  coerceInputValue: (value) => value,
});

/** Replace the scalars of the same name, the built-in ones included. */
export const SCALARS = [
  IntType,
  IdType,
  FloatType,
  TimeType,
  NullableFloatType,
  AnyType,
  oneOfType('MetricScope', METRIC_SCOPES),
  oneOfType('JobState', JOB_STATES satisfies readonly JobState[]),
  textType('SchedulerState'),
  textType('MonitoringState'),
] as const;
