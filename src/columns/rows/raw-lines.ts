import { type Column, STORED_COLUMNS } from '../columns.ts';
import { Unsuitable } from '../unsuitable.ts';
import { isDigit } from './json-cursor.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const LINE_FEED = 0x0a;
/** Begins a line of nothing but an id. */
export const NOT_PLAIN = '!';
const NOT_PLAIN_BYTE = NOT_PLAIN.charCodeAt(0);

/** The stored columns that stand in the list, and behind them those that do not: the last ones (columns.ts). */
export const LISTED: readonly Column[] = STORED_COLUMNS.filter(({ type }) => type !== 'DOUBLE');
export const REALS: readonly Column[] = STORED_COLUMNS.slice(LISTED.length);
/** Of numbers of up to 18 digits no reader loses any. */
const MOST_WHOLE = 1e18;
/** What a whole number lies below; 0 for a text. As numbers in a row: they are gone through for each job. */
const BOUNDS = Float64Array.from(LISTED, ({ type, bits = 63 }) =>
  type === 'VARCHAR' ? 0 : Math.min(2 ** bits, MOST_WHOLE),
);

/**
 * Goes through the lines of plain.ts. The places are those of the line at hand. A line is a JSON list of the stored columns without a point, of the
 * tags, and of the sizes of the resources and of the footprint; then the real numbers with a comma behind each, the resources and the footprint as
 * they stand in the table, and the name as JSON.
 */
export class RawLines {
  readonly bytes: Buffer;
  #at = 0;
  /**
   * False where a field is not what its column holds, or has a backslash, or SQLite has said so: the other places mean nothing then. JSON
   * without a backslash is CSV.
   */
  isPlain = false;
  /** The columns of the list, without its bracket. */
  listedFrom = 0;
  listedTo = 0;
  /** The ids of its tags, within quotes. */
  tagsFrom = 0;
  tagsTo = 0;
  /** The real numbers, without the last comma. */
  realsFrom = 0;
  realsTo = 0;
  resourcesFrom = 0;
  /** The footprint begins where the resources end, and the name, as JSON, where the footprint does. */
  resourcesTo = 0;
  footprintTo = 0;
  nameTo = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Goes to the next line; false behind the last. Throws Unsuitable for bytes that are no such lines. */
  next(): boolean {
    const { bytes } = this;
    if (this.#at >= bytes.length) return false;
    this.isPlain = bytes[this.#at] === OPEN;
    if (!this.isPlain && bytes[this.#at] !== NOT_PLAIN_BYTE) throw cannotBeRead();
    this.listedFrom = this.#at + 1;
    this.#at = this.listedFrom;
    if (this.isPlain) this.#fields();
    this.nameTo = bytes.indexOf(LINE_FEED, this.#at);
    if (this.nameTo < 0) this.nameTo = bytes.length;
    this.#at = this.nameTo + 1;
    return true;
  }

  /** The id of the job. */
  id(): bigint {
    let to = this.listedFrom;
    while (this.bytes[to] === MINUS || isDigit(this.bytes[to])) to += 1;
    return BigInt(Buffer.from(this.bytes.subarray(this.listedFrom, to)).toString('latin1'));
  }

  #fields(): void {
    for (let index = 0; index < BOUNDS.length; index += 1) {
      const bound = BOUNDS[index] as number;
      if (bound === 0 ? !this.#text() : !this.#whole(bound)) this.#skip();
      this.#behind(COMMA);
    }
    this.listedTo = this.#at - 1;
    this.tagsFrom = this.#at;
    this.#text();
    this.tagsTo = this.#at;
    this.#behind(COMMA);
    const resources = this.#size();
    this.#behind(COMMA);
    const footprint = this.#size();
    this.#behind(CLOSE);
    this.realsFrom = this.#at;
    for (let index = 0; index < REALS.length; index += 1) this.#real();
    this.realsTo = this.#at - 1;
    this.resourcesFrom = this.#at;
    this.resourcesTo = this.resourcesFrom + resources;
    this.footprintTo = this.resourcesTo + footprint;
    this.#at = this.footprintTo;
    if (this.#at > this.bytes.length) throw cannotBeRead();
  }

  /** Goes behind a text; false where there is none. */
  #text(): boolean {
    const { bytes } = this;
    let at = this.#at;
    if (bytes[at] !== QUOTE) return false;
    at += 1;
    for (; at < bytes.length && bytes[at] !== QUOTE; at += 1) {
      if (bytes[at] !== BACKSLASH) continue;
      this.isPlain = false;
      at += 1; // it may stand before a quote
    }
    this.#at = at + 1;
    return true;
  }

  /** Goes behind a whole number below a bound, and above the same below zero; false where there is none. */
  #whole(bound: number): boolean {
    const { bytes } = this;
    let at = this.#at;
    if (bytes[at] === MINUS) at += 1;
    const from = at;
    let value = 0;
    for (; isDigit(bytes[at]); at += 1) value = value * 10 + (bytes[at] as number) - ZERO;
    if (at === from || bytes[at] !== COMMA || value >= bound) return false;
    this.#at = at;
    return true;
  }

  /** Goes behind what the column cannot hold: a number of another size or type, a text, null. */
  #skip(): void {
    this.isPlain = false;
    if (this.#text()) return;
    const to = this.bytes.indexOf(COMMA, this.#at);
    this.#at = to < 0 ? this.bytes.length : to;
  }

  /** SQLite writes a point into each. */
  #real(): void {
    const { bytes } = this;
    let at = this.#at;
    let hasPoint = false;
    for (; at < bytes.length && bytes[at] !== COMMA; at += 1) {
      if (bytes[at] === POINT) hasPoint = true;
    }
    if (!hasPoint) this.isPlain = false;
    this.#at = at;
    this.#behind(COMMA);
  }

  #size(): number {
    const { bytes } = this;
    let size = 0;
    for (; isDigit(bytes[this.#at]); this.#at += 1) size = size * 10 + (bytes[this.#at] as number) - ZERO;
    return size;
  }

  #behind(byte: number): void {
    if (this.bytes[this.#at] !== byte) throw cannotBeRead();
    this.#at += 1;
  }
}

/** As it would be in a file whose texts are UTF-16. */
function cannotBeRead(): Unsuitable {
  return new Unsuitable('a line of jobs cannot be read');
}
