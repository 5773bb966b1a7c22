const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const LITERALS = ['true', 'false', 'null'].map((text) => Buffer.from(text));
/** Deeper JSON is left to SQLite. */
const MOST_DEPTH = 32;

/** A pair of brackets. */
export interface Brackets {
  readonly open: number;
  readonly close: number;
}

export const OBJECT: Brackets = { open: 0x7b, close: 0x7d };
export const LIST: Brackets = { open: 0x5b, close: 0x5d };

/**
 * Reads JSON in bytes, of the kind without a backslash: texts stand there as they are. Each method goes behind what it reads, and answers
 * false where there is something else; then the place means nothing any more. What it reads is JSON by RFC 8259, as json_valid() of SQLite has it.
 */
export class JsonCursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  #end = 0;
  /** Where the last text or number began and ended. */
  from = 0;
  to = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads what stands between two places. */
  enter(from: number, to: number): void {
    this.#at = from;
    this.#end = to;
  }

  isAtEnd(): boolean {
    return this.#behindBlanks() === this.#end;
  }

  opens({ open }: Brackets): boolean {
    return this.#is(open);
  }

  closes({ close }: Brackets): boolean {
    return this.#is(close);
  }

  comma(): boolean {
    return this.#is(COMMA);
  }

  /** Bytes that stand there as they are; else the place is where it was. */
  has(bytes: Uint8Array): boolean {
    const there = this.#bytes;
    const from = this.#at;
    if (from + bytes.length > this.#end) return false;
    for (let at = 0; at < bytes.length; at += 1) if (there[from + at] !== bytes[at]) return false;
    this.#at = from + bytes.length;
    return true;
  }

  /** A key, with the colon behind it. */
  key(): boolean {
    return this.text() && this.#is(COLON);
  }

  text(): boolean {
    if (!this.#is(QUOTE)) return false;
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    this.from = at;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.to = at;
        this.#at = at + 1;
        return true;
      }
      if (byte < SPACE || byte === BACKSLASH) return false;
    }
    return false;
  }

  /** A number without an exponent; answers how many digits it has, 0 for none. */
  plainNumber(): number {
    this.#at = this.#behindBlanks();
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    if (bytes[at] === MINUS) at += 1;
    const first = at;
    while (at < this.#end && isDigit(bytes[at])) at += 1;
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return 0;
    if (at < this.#end && bytes[at] === POINT) {
      const point = at;
      at += 1;
      while (at < this.#end && isDigit(bytes[at])) at += 1;
      if (at === point + 1) return 0;
      digits += at - point - 1;
    }
    this.from = from;
    this.to = at;
    this.#at = at;
    return digits;
  }

  /** Any value. */
  value(depth = 0): boolean {
    if (depth > MOST_DEPTH) return false;
    this.#at = this.#behindBlanks();
    switch (this.#bytes[this.#at]) {
      case QUOTE:
        return this.text();
      case OBJECT.open:
        return this.#members(OBJECT, depth);
      case LIST.open:
        return this.#members(LIST, depth);
      default:
        return this.plainNumber() > 0 || LITERALS.some((literal) => this.#literal(literal));
    }
  }

  #members(brackets: Brackets, depth: number): boolean {
    this.#at += 1;
    if (this.closes(brackets)) return true;
    do {
      if (brackets === OBJECT && !this.key()) return false;
      if (!this.value(depth + 1)) return false;
    } while (this.comma());
    return this.closes(brackets);
  }

  #literal(literal: Uint8Array): boolean {
    if (!literal.every((byte, index) => this.#bytes[this.#at + index] === byte)) return false;
    this.#at += literal.length;
    return this.#at <= this.#end;
  }

  #is(byte: number): boolean {
    const at = this.#behindBlanks();
    this.#at = at;
    if (at >= this.#end || this.#bytes[at] !== byte) return false;
    this.#at = at + 1;
    return true;
  }

  #behindBlanks(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte > SPACE || (byte !== SPACE && byte !== LINE_FEED && byte !== TAB && byte !== RETURN)) break;
    }
    return at;
  }
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
