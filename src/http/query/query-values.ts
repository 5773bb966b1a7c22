import { Fault } from '../../faults.ts';
import { RECENT } from '../../jobs/fields.ts';
import type { Range } from '../../jobs/filter.ts';

const INT64_MAX = 2n ** 63n - 1n;

export const RECENT_WORDS = RECENT.map(({ word }) => word).join(', ');

/** A 64-bit id, exactly. */
export function wholeId(name: string, text: string): bigint {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw new Fault('invalid_request', `query parameter ${name} must be a 64-bit integer`);
  }
  return value;
}

/** `A-B`, `A-` or `-B` in whole numbers. */
export function wholeRange(name: string, text: string): Range<bigint> {
  const wanted = `query parameter ${name} must be a range of integers: A-B, A- or -B`;
  return range(text, /^(\d*)-(\d*)$/, wanted, (digits) => {
    const value = BigInt(digits);
    if (value > INT64_MAX) throw new Fault('invalid_request', `query parameter ${name} must be within 64 bits`);
    return value;
  });
}

/** `A-B`, `A-` or `-B` in numbers, decimals allowed. */
export function decimalRange(name: string, text: string): Range<number> {
  const wanted = `query parameter ${name} must be a range of numbers: A-B, A- or -B`;
  return range(text, /^((?:\d+(?:\.\d*)?|\.\d+)?)-((?:\d+(?:\.\d*)?|\.\d+)?)$/, wanted, (digits) => {
    const value = Number(digits);
    if (!Number.isFinite(value)) throw new Fault('invalid_request', wanted);
    return value;
  });
}

/** As wholeRange in Unix seconds, or a word for "since a while ago". */
export function startTimeRange(name: string, text: string, nowSec: number): Range<bigint> {
  const recent = RECENT.find(({ word }) => word === text);
  if (recent !== undefined) return { from: BigInt(nowSec - recent.sec) };
  if (!/^\d*-\d*$/.test(text)) {
    throw new Fault(
      'invalid_request',
      `query parameter ${name} must be a range of Unix seconds (A-B, A- or -B) or one of ${RECENT_WORDS}`,
    );
  }
  return wholeRange(name, text);
}

function range<Value>(text: string, form: RegExp, wanted: string, read: (digits: string) => Value): Range<Value> {
  const [, from = '', to = ''] = form.exec(text) ?? [];
  if (from === '' && to === '') throw new Fault('invalid_request', wanted);
  return { ...(from === '' ? {} : { from: read(from) }), ...(to === '' ? {} : { to: read(to) }) };
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

/** A page number or size: whole, from 1 to 2^53 - 1. */
export function positive(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && Number.isSafeInteger(value)) return value;
  throw new Fault('invalid_request', `query parameter ${name} must be an integer of at least 1`);
}
