import { Fault } from '../../faults.ts';
import type { Range } from '../../jobs/filter.ts';

// Parsers of parameter values. Each function throws an invalid_request that describes a valid value.

const INT64_MAX = 2n ** 63n - 1n;

/** Parses a 64-bit id without rounding. */
export function wholeId(text: string): bigint {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > INT64_MAX || value < -INT64_MAX - 1n) throw invalid('must be a 64-bit integer');
  return value;
}

/** Parses `A-B`, `A-` or `-B` in whole numbers. */
export function wholeRange(text: string): Range<bigint> {
  return range(text, /^(\d*)-(\d*)$/, 'must be a range of integers: A-B, A- or -B', (digits) => {
    const value = BigInt(digits);
    if (value > INT64_MAX) throw invalid('must be within 64 bits');
    return value;
  });
}

/** Parses `A-B`, `A-` or `-B` in numbers that may have decimals. */
export function decimalRange(text: string): Range<number> {
  const wanted = 'must be a range of numbers: A-B, A- or -B';
  return range(text, /^((?:\d+(?:\.\d*)?|\.\d+)?)-((?:\d+(?:\.\d*)?|\.\d+)?)$/, wanted, (digits) => {
    const value = Number(digits);
    if (!Number.isFinite(value)) throw invalid(wanted);
    return value;
  });
}

function range<Value>(text: string, form: RegExp, wanted: string, read: (digits: string) => Value): Range<Value> {
  const [, from = '', to = ''] = form.exec(text) ?? [];
  if (from === '' && to === '') throw invalid(wanted);
  return { ...(from === '' ? {} : { from: read(from) }), ...(to === '' ? {} : { to: read(to) }) };
}

export const ONCE = 'must be given once';

/** Returns the only value of a parameter for which "any of them" makes no sense. */
export function single(values: readonly string[]): string {
  const [value] = values;
  if (values.length === 1 && value !== undefined) return value;
  throw invalid(ONCE);
}

/** Returns a member of a fixed set. */
export function oneOf<Value extends string>(text: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === text);
  if (value !== undefined) return value;
  throw invalid(`must be one of ${values.join(', ')}`);
}

/** Parses a page number or size: a whole number from 1 to 2^53 - 1. */
export function positive(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && Number.isSafeInteger(value)) return value;
  throw invalid('must be an integer of at least 1');
}

export type ParameterKind = 'query' | 'path';

/** Names a parameter. Every message about one begins with it. */
export function parameterNamed(name: string, kind: ParameterKind = 'query'): string {
  return kind === 'path' ? `the ${name} in the path` : `query parameter ${JSON.stringify(name.slice(0, 100))}`;
}

/** Adds the name of the parameter to the message of an invalid value. */
export function ofParameter<Value>(name: string, read: () => Value, kind: ParameterKind = 'query'): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw invalid(`${parameterNamed(name, kind)} ${error.message}`);
  }
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}
