import { Fault } from '../../faults.ts';
import type { DerivedField, FieldOf, FractionField, TimesField } from '../../jobs/fields.ts';
import type { NumberField } from '../../jobs/number-fields.ts';
import { hasTimes, type RangeEnd, rangeOf } from '../../jobs/time-grammar.ts';
import { UTC } from '../../jobs/time-zone.ts';
import { duration } from '../format.ts';
import { type Html, html } from '../html.ts';

/**
 * The notations of a filter's numbers: `read` parses what people type, `write` fills in a form field, `say` is for a
 * sentence. The API uses plain digits.
 */
const NOTATIONS = {
  time: { read: instantOf, write: instantText, say: instantWords, example: '', mode: 'text' },
  seconds: { read: secondsOf, write: durationText, say: durationWords, example: '2h30m', mode: 'text' },
  whole: { read: wholeOf, write: String, say: String, example: '1', mode: 'numeric' },
  decimal: { read: decimalOf, write: String, say: String, example: '0.5', mode: 'decimal' },
};

export function notationOf(field: NumberField | DerivedField | FractionField | TimesField | FieldOf<'footprint'>) {
  if (hasTimes(field)) return NOTATIONS.time;
  if (field.kind === 'footprint' || field.kind === 'fraction') return NOTATIONS.decimal;
  if (field.kind === 'decimal') return NOTATIONS.decimal;
  return field.unit === 's' ? NOTATIONS.seconds : NOTATIONS.whole;
}

const UNITS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;
/** Larger numbers are typing errors. */
const MOST_DIGITS = 15;

/** Returns the seconds of `2h30m`, `1d 4h`, `90m`, `1:30:00` or `45`. Throws invalid_request with a valid example. */
export function secondsOf(text: string): string {
  const clean = text.trim().toLowerCase();
  if (/^\d{1,15}$/.test(clean)) return String(Number(clean));
  const clock = /^(\d{1,9}):(\d{1,2})(?::(\d{1,2}))?$/.exec(clean);
  if (clock !== null) {
    const [, hours, minutes, seconds = '0'] = clock;
    return String(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  }
  const parts = [...clean.matchAll(/(\d{1,9})\s*([dhms])\s*/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== clean) {
    throw invalid('enter a duration such as 2h30m, 90m, 1d or 1:30:00');
  }
  return String(parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0));
}

/** Returns the exact duration as `1d2h3m4s`. Returns a text that is not a number of seconds unchanged. */
export function durationText(seconds: string): string {
  if (!/^\d{1,18}$/.test(seconds)) return seconds;
  let left = BigInt(seconds);
  let text = '';
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = left / BigInt(size);
    left %= BigInt(size);
    if (count > 0n) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

function durationWords(seconds: string): string {
  return duration(BigInt(seconds));
}

/**
 * Returns the Unix seconds of `2026-11-26 14:10` in UTC, or of Unix seconds, which the page's script sends. A day at
 * the end of a range is included.
 */
export function instantOf(text: string, end?: RangeEnd): string {
  const clean = text.trim().replace(' ', 'T');
  try {
    const { from, to } = end === undefined ? rangeOf(clean, '', 'inclusive', UTC) : rangeOf('', clean, end, UTC);
    const seconds = from ?? to;
    if (seconds !== undefined) return String(seconds);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  throw invalid('enter a time such as 2026-11-26 14:10');
}

/** Returns a time in UTC for a form field, or '' if a form field cannot hold it. */
export function instantText(seconds: string): string {
  const at = Number(seconds) * 1000;
  if (!(at < 253_402_300_800_000)) return ''; // the year 10000
  return new Date(at).toISOString().replace(/(?::00)?\.000Z$/, '');
}

function instantWords(seconds: string): Html | string {
  const text = instantText(seconds);
  return text === '' ? seconds : html`<time datetime="${text}Z">${text.replace('T', ' ')} UTC</time>`;
}

export function wholeOf(text: string): string {
  const clean = text.trim();
  if (!/^\d+$/.test(clean) || clean.length > MOST_DIGITS) throw invalid('enter an integer');
  return clean;
}

export function decimalOf(text: string): string {
  const clean = text.trim();
  if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(clean)) throw invalid('enter a number such as 0.5');
  return clean;
}

/** Returns the ids of a list separated by spaces or commas. */
export function idsOf(text: string): string[] {
  const ids = text.split(/[\s,;]+/).filter((id) => id !== '');
  if (!ids.every((id) => /^-?\d{1,19}$/.test(id))) throw invalid('enter integers separated by spaces');
  return ids;
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}
