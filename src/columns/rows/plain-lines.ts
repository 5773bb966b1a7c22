import { isFootprintKey } from '../../jobs/filter.ts';
import { HOST_MARK } from '../columns.ts';
import { JsonCursor, LIST, OBJECT } from './json-cursor.ts';
import { isUpper, LineWriter } from './line-writer.ts';
import { RawLines } from './raw-lines.ts';

/** What became of raw lines. */
export interface PlainLines {
  /** CSV of the jobs that are plain, without a line feed at the end. */
  readonly csv: Uint8Array;
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
/** Bytes of a line beside what it takes from the raw one, at most: quotes, commas, the outer marks. */
const BESIDE = 64;

/**
 * Makes CSV for an index, in the order of columnsOf, out of the lines of plain.ts. A job is plain where its JSON has no backslash, and its footprint
 * nothing but numbers of up to 15 digits without an exponent. Done on bytes, where one takes a nanosecond or two: SQLite took 7
 * microseconds a job longer.
 */
export class PlainLineReader {
  readonly #keys: readonly Uint8Array[];
  /** Where the number under each key begins and ends; equal for none. */
  readonly #numbers: Int32Array;
  /** Where each host begins and ends. */
  #hosts: number[] = [];
  #hasUpper = false;
  readonly #out = new LineWriter();

  constructor(footprintKeys: readonly string[]) {
    this.#keys = footprintKeys.map((key) => Buffer.from(key));
    this.#numbers = new Int32Array(2 * footprintKeys.length);
  }

  /** 'more keys': a footprint has a number under another key. */
  read(raw: Uint8Array): PlainLines | 'more keys' {
    const lines = new RawLines(raw);
    const cursor = new JsonCursor(raw);
    const ids: bigint[] = [];
    let rows = 0;
    this.#out.clear();
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
    return { csv: this.#out.take(1), rows, ids };
  }

  /** The first text under `hostname` of each object of a list. */
  #readHosts(cursor: JsonCursor, { bytes, resourcesFrom, resourcesTo }: RawLines): boolean {
    this.#hosts = [];
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
      if (!cursor.key()) return false;
      const isName = !isNamed && isEqual(bytes, cursor.from, cursor.to, HOSTNAME);
      if (isName) isNamed = true;
      const isText = isName && cursor.text();
      if (isText) {
        this.#hosts.push(cursor.from, cursor.to);
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
        if (!cursor.key()) return 'not plain';
        const [from, to] = [cursor.from, cursor.to];
        const key = this.#keyAt(bytes, from, to, next);
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

  /** The number of a key, -1 for one that is not known. Most footprints have theirs in the same order. */
  #keyAt(bytes: Uint8Array, from: number, to: number, next: number): number {
    const keys = this.#keys;
    for (let tried = 0; tried < keys.length; tried += 1) {
      const key = (next + tried) % keys.length;
      if (isEqual(bytes, from, to, keys[key] as Uint8Array)) return key;
    }
    return -1;
  }

  #write(lines: RawLines): void {
    const { bytes, storedFrom, storedTo, footprintTo, nameTo, tagsFrom, tagsTo } = lines;
    const out = this.#out;
    out.reserve(2 * (nameTo - storedFrom) + this.#keys.length + BESIDE);
    out.copy(bytes, storedFrom, storedTo);
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

  #writeHosts(bytes: Uint8Array, how: 'copy' | 'fold'): void {
    const hosts = this.#hosts;
    const out = this.#out;
    out.byte(QUOTE);
    if (hosts.length > 0) out.byte(MARK);
    for (let at = 0; at < hosts.length; at += 2) {
      out[how](bytes, hosts[at] as number, hosts[at + 1] as number);
      out.byte(MARK);
    }
    out.byte(QUOTE);
  }
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
