import { STORED_COLUMNS } from '../columns.ts';
import { Unsuitable } from '../unsuitable.ts';
import { isDigit } from './json-cursor.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const LINE_FEED = 0x0a;
/** Begins a line of nothing but an id. */
export const NOT_PLAIN = '!';
const NOT_PLAIN_BYTE = NOT_PLAIN.charCodeAt(0);

const TEXT = 0;
const WHOLE = 1;
const REAL = 2;
/** As bytes: they are gone through for each job. */
const KINDS = Uint8Array.from(STORED_COLUMNS, ({ type }) => {
  if (type === 'VARCHAR') return TEXT;
  return type === 'DOUBLE' ? REAL : WHOLE;
});

/** Goes through the lines of plain.ts. The places are those of the line at hand. */
export class RawLines {
  readonly bytes: Uint8Array;
  #at = 0;
  /** False where a field is not of its kind, or SQLite has said so: the other places mean nothing then. */
  isPlain = false;
  /** The stored columns, as they stand in CSV. */
  storedFrom = 0;
  storedTo = 0;
  /** The ids of its tags, within quotes. */
  tagsFrom = 0;
  tagsTo = 0;
  resourcesFrom = 0;
  /** The footprint begins where the resources end, and the name, as JSON, where the footprint does. */
  resourcesTo = 0;
  footprintTo = 0;
  nameTo = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes to the next line; false behind the last. Throws Unsuitable for bytes that are no such lines. */
  next(): boolean {
    const { bytes } = this;
    if (this.#at >= bytes.length) return false;
    this.isPlain = bytes[this.#at] !== NOT_PLAIN_BYTE;
    if (this.isPlain) this.#fields();
    else {
      this.#at += 1;
      this.storedFrom = this.#at;
    }
    this.nameTo = bytes.indexOf(LINE_FEED, this.#at);
    if (this.nameTo < 0) this.nameTo = bytes.length;
    this.#at = this.nameTo + 1;
    return true;
  }

  /** The id of the job. */
  id(): bigint {
    let to = this.storedFrom;
    while (this.bytes[to] === MINUS || isDigit(this.bytes[to])) to += 1;
    return BigInt(Buffer.from(this.bytes.subarray(this.storedFrom, to)).toString('latin1'));
  }

  #fields(): void {
    this.storedFrom = this.#at;
    for (const kind of KINDS) {
      if (kind === TEXT) this.#text();
      else if (kind === WHOLE) this.#whole();
      else this.#real();
    }
    this.storedTo = this.#at - 1;
    this.tagsFrom = this.#at;
    this.#text();
    this.tagsTo = this.#at - 1;
    const resources = this.#size();
    const footprint = this.#size();
    this.resourcesFrom = this.#at;
    this.resourcesTo = this.resourcesFrom + resources;
    this.footprintTo = this.resourcesTo + footprint;
    this.#at = this.footprintTo;
    if (this.#at > this.bytes.length) throw cannotBeRead();
  }

  /** SQLite has seen to it that none has a quote. */
  #text(): void {
    const { bytes } = this;
    let at = this.#at;
    if (bytes[at] !== QUOTE) throw cannotBeRead();
    at += 1;
    while (at < bytes.length && bytes[at] !== QUOTE) at += 1;
    this.#at = at + 1;
    this.#comma();
  }

  #whole(): void {
    const { bytes } = this;
    let at = this.#at;
    if (bytes[at] === MINUS) at += 1;
    const from = at;
    while (isDigit(bytes[at])) at += 1;
    if (at === from || bytes[at] !== COMMA) this.isPlain = false;
    this.#at = at;
    this.#comma();
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
    this.#comma();
  }

  #size(): number {
    const { bytes } = this;
    let size = 0;
    for (; isDigit(bytes[this.#at]); this.#at += 1) size = size * 10 + (bytes[this.#at] as number) - ZERO;
    if (bytes[this.#at] !== COMMA) throw cannotBeRead();
    this.#at += 1;
    return size;
  }

  #comma(): void {
    const { bytes } = this;
    let at = this.#at;
    while (at < bytes.length && bytes[at] !== COMMA) at += 1;
    if (at >= bytes.length) throw cannotBeRead();
    this.#at = at + 1;
  }
}

/** As it would be in a file whose texts are UTF-16. */
function cannotBeRead(): Unsuitable {
  return new Unsuitable('a line of jobs cannot be read');
}
