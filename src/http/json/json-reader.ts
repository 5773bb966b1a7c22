import { Fault } from '../../faults.ts';

/** What a JSON text may hold; both bound the time and the memory that it takes to read it. */
export interface JsonLimits {
  /** Values of any kind, lists and objects included. */
  values: number;
  /** Lists and objects within one another. */
  depth: number;
}

/**
 * A number that is not a plain whole number of up to 15 digits, as it was written: only so can 2^53 + 1 be told from 2^53, and 1.0
 * from 1. Plain ones are read as numbers.
 */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What a string has to be looked at for: escapes, and control characters, of which it may not hold the first 32. */
const SPECIAL = /[\\\p{Cc}]/u;
const WORDS = { t: ['true', true], f: ['false', false], n: ['null', null] } as const;

const BLANK = 0x20;
const END = -1;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const LIST = [0x5b, 0x5d] as const;
const OBJECT = [0x7b, 0x7d] as const;

/** Thrown where a text is not JSON; what is wrong with it JSON.parse says. */
class NotJson extends Error {}

/**
 * The one JSON value of a text, blanks around it aside. Of a key given twice the last one counts. Throws invalid_request for anything
 * else, and as soon as a limit is passed.
 *
 * Not JSON.parse: with a reviver, which alone shows how a number was written, it takes 1 µs and 150 bytes a value, and it cannot stop
 * at a limit. 1.3 million numbers take 1,200 ms and 200 MB there, 90 ms and 20 MB here.
 */
export function readJson(text: string, limits: JsonLimits): unknown {
  try {
    return new Reader(text, limits).whole();
  } catch (error) {
    if (error instanceof NotJson) throw refused(text);
    throw error;
  }
}

function refused(text: string): Fault {
  if (text.trim() === '') return problem('the body is empty');
  try {
    JSON.parse(text);
  } catch (cause) {
    // It is recursive, and the text may be nested more deeply than its stack before the place that is wrong.
    if (cause instanceof SyntaxError) return new Fault('invalid_request', message(cause.message), { cause });
  }
  return problem('not valid JSON');
}

function problem(what: string): Fault {
  return new Fault('invalid_request', message(what));
}

function message(what: string): string {
  return `parsing request body failed: ${what}`;
}

class Reader {
  readonly #text: string;
  readonly #limits: JsonLimits;
  #at = 0;
  #values = 0;
  #depth = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  whole(): unknown {
    const value = this.#value();
    this.#next();
    if (this.#at < this.#text.length) throw new NotJson();
    return value;
  }

  /** The code of the next character that is not blank, which stays the next one; END at the end. */
  #next(): number {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code > BLANK || (code !== BLANK && code !== 0x0a && code !== 0x0d && code !== 0x09)) {
        this.#at = at;
        return code;
      }
      at += 1;
    }
    this.#at = at;
    return END;
  }

  #value(): unknown {
    this.#values += 1;
    if (this.#values > this.#limits.values) throw problem(`more than ${this.#limits.values} values`);
    const code = this.#next();
    if (code === QUOTE) return this.#string();
    if (code === LIST[0]) return this.#list();
    if (code === OBJECT[0]) return this.#object();
    return code === MINUS || (code >= ZERO && code <= NINE) ? this.#number() : this.#word();
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > this.#limits.depth) {
      throw problem(`nested too deeply: more than ${this.#limits.depth} levels of arrays and objects`);
    }
  }

  #leave(): void {
    this.#at += 1;
    this.#depth -= 1;
  }

  #list(): unknown[] {
    const members: unknown[] = [];
    this.#enter();
    if (this.#next() !== LIST[1]) {
      do members.push(this.#value());
      while (this.#waitUntil(LIST[1]));
    }
    this.#leave();
    return members;
  }

  #object(): object {
    const members: Record<string, unknown> = {};
    this.#enter();
    if (this.#next() !== OBJECT[1]) {
      do {
        if (this.#next() !== QUOTE) throw new NotJson();
        const key = this.#string();
        if (this.#next() !== COLON) throw new NotJson();
        this.#at += 1;
        const value = this.#value();
        if (key === '__proto__') Object.defineProperty(members, key, { value, ...OWN });
        else members[key] = value;
      } while (this.#waitUntil(OBJECT[1]));
    }
    this.#leave();
    return members;
  }

  /** After a member: true after a comma, false before the end. */
  #waitUntil(end: number): boolean {
    const code = this.#next();
    if (code === end) return false;
    if (code !== COMMA) throw new NotJson();
    this.#at += 1;
    return true;
  }

  #string(): string {
    const from = this.#at + 1;
    const end = this.#text.indexOf('"', from);
    if (end === -1) throw new NotJson();
    const plain = this.#text.slice(from, end);
    if (SPECIAL.test(plain)) return this.#escapedString(from);
    this.#at = end + 1;
    return plain;
  }

  /** The same for a string with escapes; `from` is its first character. */
  #escapedString(from: number): string {
    const text = this.#text;
    let at = from;
    while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    this.#at = at + 1;
    try {
      return String(JSON.parse(text.slice(from - 1, at + 1)));
    } catch {
      throw new NotJson(); // a control character, an escape that there is not, or no end
    }
  }

  #number(): number | JsonNumber {
    const text = this.#text;
    const from = this.#at;
    const isNegative = text.charCodeAt(from) === MINUS;
    const first = isNegative ? from + 1 : from;
    let at = first;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE && at - first < EXACT_DIGITS) {
      value = value * 10 + (code - ZERO);
      at += 1;
      code = text.charCodeAt(at);
    }
    const isZeroFirst = text.charCodeAt(first) === ZERO && (at > first + 1 || isNegative);
    const waitUntil = (code >= ZERO && code <= NINE) || code === 0x2e || code === 0x65 || code === 0x45; // a digit . e E
    if (at > first && !waitUntil && !isZeroFirst) {
      this.#at = at;
      return isNegative ? -value : value;
    }
    NUMBER.lastIndex = from;
    const [source] = NUMBER.exec(text) ?? [];
    if (source === undefined) throw new NotJson();
    this.#at = from + source.length;
    return new JsonNumber(source);
  }

  #word(): boolean | null {
    const known = WORDS[this.#text.charAt(this.#at) as keyof typeof WORDS];
    if (known === undefined || !this.#text.startsWith(known[0], this.#at)) throw new NotJson();
    this.#at += known[0].length;
    return known[1];
  }
}

const OWN = { enumerable: true, configurable: true, writable: true } as const;
