import { isFootprintKey } from '../../jobs/filter.ts';
import { HOST_MARK } from '../columns.ts';
import { JsonCursor, LIST, OBJECT } from './json-cursor.ts';
import { isUpper, type LineWriter } from './line-writer.ts';
import { RawLines } from './raw-lines.ts';

/** What became of raw lines. */
export interface PlainLines {
  /** Jobs that are plain. */
  readonly rows: number;
  /** Of the others. */
  readonly ids: readonly bigint[];
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const MARK = HOST_MARK.charCodeAt(0);
/** Digits that every reader of decimals reads alike. */
export const PLAIN_DIGITS = 15;
const HOSTNAME = Buffer.from('hostname');
const HOSTNAME_MEMBER = memberOf(HOSTNAME);
/** Bytes of a line beside what it takes from the raw one, at most: quotes, commas, the outer marks. */
const BESIDE = 64;

/**
 * Makes CSV for an index, in the order of columnsOf, out of the lines of plain.ts. A job is plain where its JSON has no backslash, and its footprint
 * nothing but numbers of up to 15 digits without an exponent. Done on bytes, where one takes a nanosecond or two: SQLite took 7
 * microseconds a job longer.
 */
export class PlainLineReader {
  readonly #keys: readonly Uint8Array[];
  /** The same as they stand in most footprints, in the same order. */
  readonly #members: readonly Uint8Array[];
  /** Where the number under each key begins and ends; equal for none. */
  readonly #numbers: Int32Array;
  /** Where each host begins and ends: the first `#hostPlaces` of it. One list for all jobs, so that none is left to collect. */
  readonly #hosts: number[] = [];
  #hostPlaces = 0;
  #hasUpper = false;
  readonly #out: LineWriter;

  /** `out` takes the CSV of the jobs that are plain, a line feed behind each. */
  constructor(footprintKeys: readonly string[], out: LineWriter) {
    this.#out = out;
    this.#keys = footprintKeys.map((key) => Buffer.from(key));
    this.#members = this.#keys.map(memberOf);
    this.#numbers = new Int32Array(2 * footprintKeys.length);
  }

  /** 'more keys': a footprint has a number under another key. */
  read(raw: Buffer): PlainLines | 'more keys' {
    const lines = new RawLines(raw);
    const cursor = new JsonCursor(raw);
    const ids: bigint[] = [];
    let rows = 0;
    while (lines.next()) {
      const found = lines.isPlain && this.#readHosts(cursor, lines) && this.#hasName(cursor, lines);
      const footprint = found ? this.#readFootprint(cursor, lines) : 'not plain';
      if (footprint === 'more keys') return footprint;
      if (footprint === 'not plain') ids.push(lines.id());
      else {
        this.#write(lines);
        rows += 1;
      }
    }
    return { rows, ids };
  }

  /** The first text under `hostname` of each object of a list. */
  #readHosts(cursor: JsonCursor, { bytes, resourcesFrom, resourcesTo }: RawLines): boolean {
    this.#hostPlaces = 0;
    this.#hasUpper = false;
    cursor.enter(resourcesFrom, resourcesTo);
    if (!cursor.opens(LIST)) return false;
    if (cursor.closes(LIST)) return cursor.isAtEnd();
    do {
      if (!cursor.opens(OBJECT)) {
        if (!cursor.value()) return false;
      } else if (!cursor.closes(OBJECT) && !this.#readHost(cursor, bytes)) return false;
    } while (cursor.comma());
    return cursor.closes(LIST) && cursor.isAtEnd();
  }

  #readHost(cursor: JsonCursor, bytes: Uint8Array): boolean {
    let isNamed = false;
    do {
      const isUsual = !isNamed && cursor.has(HOSTNAME_MEMBER);
      if (!isUsual && !cursor.key()) return false;
      const isName = isUsual || (!isNamed && isEqual(bytes, cursor.from, cursor.to, HOSTNAME));
      if (isName) isNamed = true;
      const isText = isName && cursor.text();
      if (isText) {
        this.#hosts[this.#hostPlaces] = cursor.from;
        this.#hosts[this.#hostPlaces + 1] = cursor.to;
        this.#hostPlaces += 2;
        if (hasUpper(bytes, cursor.from, cursor.to)) this.#hasUpper = true;
      } else if (isName || !cursor.value()) return false; // a name that is no text: SQLite
    } while (cursor.comma());
    return cursor.closes(OBJECT);
  }

  /** A text, or nothing. */
  #hasName(cursor: JsonCursor, { footprintTo, nameTo }: RawLines): boolean {
    if (footprintTo === nameTo) return true;
    cursor.enter(footprintTo, nameTo);
    return cursor.text() && cursor.isAtEnd();
  }

  #readFootprint(
    cursor: JsonCursor,
    { bytes, resourcesTo, footprintTo }: RawLines,
  ): 'plain' | 'not plain' | 'more keys' {
    this.#numbers.fill(0);
    if (resourcesTo === footprintTo) return 'plain'; // NULL
    cursor.enter(resourcesTo, footprintTo);
    if (!cursor.opens(OBJECT)) return 'not plain';
    let next = 0;
    let isNew = false;
    if (!cursor.closes(OBJECT)) {
      do {
        const usual = this.#members[next];
        const isUsual = usual !== undefined && cursor.has(usual);
        if (!isUsual && !cursor.key()) return 'not plain';
        const { from, to } = cursor;
        const key = isUsual ? next : this.#keyAt(bytes, from, to);
        const digits = cursor.plainNumber();
        if (digits === 0 || digits > PLAIN_DIGITS) return 'not plain';
        if (key < 0) {
          if (!isFootprintKey(Buffer.from(bytes.subarray(from, to)).toString('latin1'))) continue;
          isNew = true;
        } else if (this.#numbers[2 * key + 1] !== 0)
          return 'not plain'; // twice: which one, SQLite knows
        else {
          this.#numbers[2 * key] = cursor.from;
          this.#numbers[2 * key + 1] = cursor.to;
          next = key + 1;
        }
      } while (cursor.comma());
      if (!cursor.closes(OBJECT)) return 'not plain';
    }
    if (!cursor.isAtEnd()) return 'not plain';
    return isNew ? 'more keys' : 'plain';
  }

  /** The number of a key, -1 for one that is not known. */
  #keyAt(bytes: Uint8Array, from: number, to: number): number {
    return this.#keys.findIndex((key) => isEqual(bytes, from, to, key));
  }

  #write(lines: RawLines): void {
    const { bytes, listedFrom, listedTo, realsFrom, realsTo, footprintTo, nameTo, tagsFrom, tagsTo } = lines;
    const out = this.#out;
    out.reserve(2 * (nameTo - listedFrom) + this.#keys.length + BESIDE);
    out.copy(bytes, listedFrom, listedTo);
    out.byte(COMMA);
    out.copy(bytes, realsFrom, realsTo);
    out.byte(COMMA);
    out.copy(bytes, footprintTo, nameTo);
    out.byte(COMMA);
    out.fold(bytes, footprintTo, nameTo);
    out.byte(COMMA);
    this.#writeHosts(bytes, 'copy');
    out.byte(COMMA);
    if (this.#hasUpper) this.#writeHosts(bytes, 'fold');
    out.byte(COMMA);
    out.copy(bytes, tagsFrom, tagsTo);
    for (let at = 0; at < this.#numbers.length; at += 2) {
      out.byte(COMMA);
      out.copy(bytes, this.#numbers[at] as number, this.#numbers[at + 1] as number);
    }
    out.byte(LINE_FEED);
  }

  #writeHosts(bytes: Buffer, how: 'copy' | 'fold'): void {
    const hosts = this.#hosts;
    const out = this.#out;
    out.byte(QUOTE);
    if (this.#hostPlaces > 0) out.byte(MARK);
    for (let at = 0; at < this.#hostPlaces; at += 2) {
      out[how](bytes, hosts[at] as number, hosts[at + 1] as number);
      out.byte(MARK);
    }
    out.byte(QUOTE);
  }
}

/** A key as JSON, with the colon behind it. */
function memberOf(key: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('"'), key, Buffer.from('":')]);
}

function isEqual(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from !== other.length) return false;
  for (let at = 0; at < other.length; at += 1) if (bytes[from + at] !== other[at]) return false;
  return true;
}

function hasUpper(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (isUpper(bytes[at] as number)) return true;
  return false;
}
