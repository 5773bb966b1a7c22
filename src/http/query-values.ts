import { Fault } from '../faults.ts';
import type { Range } from '../jobs/filter.ts';

const INT64_MAX = 2n ** 63n - 1n;
/** The words for a start-time, in seconds before now. */
const RECENT = new Map([
  ['last6h', 21_600],
  ['last24h', 86_400],
  ['last7d', 604_800],
  ['last30d', 2_592_000],
]);

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
  const recentSec = RECENT.get(text);
  if (recentSec !== undefined) return { from: BigInt(nowSec - recentSec) };
  if (!/^\d*-\d*$/.test(text)) {
    throw new Fault(
      'invalid_request',
      `query parameter ${name} must be a range of Unix seconds (A-B, A- or -B) or one of ${[...RECENT.keys()].join(', ')}`,
    );
  }
  return wholeRange(name, text);
}

function range<Value>(text: string, form: RegExp, wanted: string, read: (digits: string) => Value): Range<Value> {
  const [, from = '', to = ''] = form.exec(text) ?? [];
  if (from === '' && to === '') throw new Fault('invalid_request', wanted);
  return { ...(from === '' ? {} : { from: read(from) }), ...(to === '' ? {} : { to: read(to) }) };
}
