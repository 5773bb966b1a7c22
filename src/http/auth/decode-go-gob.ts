/** What a session of cc-backend consists of. */
export type GobValue = string | readonly string[] | number;

/** Type ids of encoding/gob. Types that a program defines have ids from 64. */
const STRING = 6;
const INT = 2;
const FIRST_DEFINED = 64;
/** The bytes of a type definition, around the id. */
const MAP_OF_ANY = { before: [4, 1, 2], after: [0, 1, 16, 1, 16, 0, 0] };
const LIST_OF_STRINGS = { before: [2, 1, 2], after: [0, 1, 2 * STRING, 0, 0] };
/** The most bytes of an integer after the first: lengths in a cookie have no more. */
const MOST_INTEGER_BYTES = 2;

/**
 * Reads a `map[interface{}]interface{}` of Go's encoding/gob, from strings to strings, lists of strings and integers.
 * Returns undefined for all other bytes. Never throws.
 */
export function decodeGobMap(bytes: Uint8Array): Map<string, GobValue> | undefined {
  try {
    return new GobReader(bytes).map();
  } catch {
    return undefined;
  }
}

/**
 * Each read advances by at least one byte and stops at the end of its message, so the work and the memory are bounded
 * by the bytes, whatever a length or count says.
 */
class GobReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The end of the current message. */
  #end = 0;
  /** The id of `[]string`, once it is defined. */
  #listId: number | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  map(): Map<string, GobValue> {
    this.#nextMessage();
    const mapId = this.#definition(MAP_OF_ANY);
    this.#nextMessage();
    check(this.#int() === mapId);
    check(this.#byte() === 0);
    const map = new Map<string, GobValue>();
    for (let left = this.#uint(); left > 0; left -= 1) {
      const key = this.#any();
      check(typeof key === 'string' && !map.has(key));
      map.set(key, this.#any());
    }
    check(this.#at === this.#bytes.length);
    return map;
  }

  /** An `interface{}`: the name and id of its type, the length of the rest, 0, and the value. */
  #any(): GobValue {
    const type = this.#text();
    if (type === '[]string' && this.#listId === undefined) {
      this.#listId = this.#definition(LIST_OF_STRINGS);
      this.#nextMessage();
    }
    const id = this.#int();
    const length = this.#uint();
    const end = this.#at + length;
    check(this.#byte() === 0);
    const value = this.#value(type, id);
    check(this.#at === end);
    return value;
  }

  #value(type: string, id: number): GobValue {
    if (type === 'string' && id === STRING) return this.#text();
    if (type === 'int' && id === INT) return this.#int();
    check(type === '[]string' && id === this.#listId);
    const list: string[] = [];
    for (let left = this.#uint(); left > 0; left -= 1) list.push(this.#text());
    return list;
  }

  /** The id that a definition gives to a type. */
  #definition({ before, after }: typeof MAP_OF_ANY): number {
    const id = -this.#int();
    check(id >= FIRST_DEFINED);
    for (const byte of before) check(this.#byte() === byte);
    check(this.#int() === id);
    for (const byte of after) check(this.#byte() === byte);
    return id;
  }

  /** A type definition ends its message, also in the middle of a value. The value continues in the next message. */
  #nextMessage(): void {
    check(this.#at === this.#end);
    this.#end = this.#bytes.length;
    const length = this.#uint();
    this.#end = this.#at + length;
    check(this.#end <= this.#bytes.length);
  }

  #text(): string {
    const length = this.#uint();
    const start = this.#at;
    this.#at += length;
    check(this.#at <= this.#end);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(start, this.#at));
  }

  /** The lowest bit is the sign. */
  #int(): number {
    const uint = this.#uint();
    return uint % 2 === 0 ? uint / 2 : -(uint + 1) / 2;
  }

  /** A byte below 128 is the number. From 128, it is the negative count of the bytes of the number, highest first. */
  #uint(): number {
    const first = this.#byte();
    if (first < 128) return first;
    const count = 256 - first;
    check(count <= MOST_INTEGER_BYTES);
    let uint = 0;
    for (let left = count; left > 0; left -= 1) uint = 256 * uint + this.#byte();
    return uint;
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    check(byte !== undefined);
    this.#at += 1;
    return byte;
  }
}

function check(holds: boolean): asserts holds {
  if (!holds) throw new Error('not a gob of the supported types');
}
