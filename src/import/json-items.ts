/** Thrown if the text is not the expected JSON. */
export class BadJson extends Error {
  override readonly name = 'BadJson';
}

/** Longer items are skipped. */
export const MAX_ITEM_BYTES = 16 * 1024 * 1024;
/** The number of bytes kept of a key, enough to compare it with a short name. */
const MAX_KEY_BYTES = 64;

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [...'"\\,:{}[]'].map((sign) =>
  sign.charCodeAt(0),
);
const NULL = Buffer.from('null');

/** The depth of the objects in the list: one object and one list around them. */
const ITEM_DEPTH = 3;

/**
 * Finds the objects in the member `list` of a JSON object without reading the whole text. Holds one item at a time,
 * without its member `skipped`. An item that is too long is undefined.
 */
export class JsonItems {
  readonly #list: string;
  readonly #skipped: string;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** True if the next string is a key, at a depth whose keys matter. */
  #expectsKey = false;
  /** The current or last key. */
  #key = '';
  #readsKey = false;
  #afterKey = false;
  #foundList = false;
  #inList = false;
  #skips = false;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isTooLong = false;

  constructor(list: string, skipped: string) {
    this.#list = list;
    this.#skipped = skipped;
  }

  /** True if the list has begun. */
  get hasList(): boolean {
    return this.#foundList;
  }

  /** Returns the items that end in these bytes. */
  add(chunk: Buffer): (Buffer | undefined)[] {
    const items: (Buffer | undefined)[] = [];
    /** The start of the bytes kept of this chunk, or -1. */
    let from = this.#inList && this.#depth >= ITEM_DEPTH && !this.#skips ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#inString) {
        this.#inText(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          this.#readsKey = this.#expectsKey && this.#keysMatter();
          if (this.#readsKey) this.#key = '';
          this.#expectsKey = false;
          break;
        case OPEN:
        case OPEN_LIST:
          if (this.#depth === 1 && this.#afterKey && this.#key === this.#list && byte === OPEN_LIST) {
            this.#inList = true;
            this.#foundList = true;
          }
          this.#depth++;
          this.#expectsKey = byte === OPEN;
          this.#afterKey = false;
          if (this.#inList && this.#depth === ITEM_DEPTH && byte === OPEN) from = at;
          break;
        case CLOSE:
        case CLOSE_LIST:
          if (this.#skips && this.#depth === ITEM_DEPTH) {
            this.#skips = false;
            from = at;
          }
          this.#depth--;
          if (this.#inList && this.#depth === ITEM_DEPTH - 1 && byte === CLOSE) {
            this.#keep(chunk.subarray(from, at + 1));
            items.push(this.#take());
            from = -1;
          }
          if (this.#depth === 1) this.#inList = false;
          break;
        case COMMA:
          this.#expectsKey = true; // in a list, neither a key nor a colon follows
          this.#afterKey = false;
          if (this.#skips && this.#depth === ITEM_DEPTH) {
            this.#skips = false;
            from = at;
          }
          break;
        case COLON:
          this.#afterKey = true;
          if (this.#inList && this.#depth === ITEM_DEPTH && this.#key === this.#skipped && !this.#skips) {
            this.#keep(chunk.subarray(from, at + 1));
            this.#keep(NULL);
            this.#skips = true;
            from = -1;
          }
          break;
      }
    }
    if (from >= 0) this.#keep(chunk.subarray(from));
    return items;
  }

  /** Throws BadJson if the list is missing or the text ends early. */
  end(): void {
    if (this.#depth !== 0) throw new BadJson('the text ends early');
    if (!this.#foundList) throw new BadJson(`there is no list "${this.#list}"`);
  }

  #keysMatter(): boolean {
    return this.#depth === 1 || (this.#inList && this.#depth === ITEM_DEPTH);
  }

  #inText(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      this.#readsKey = false;
      return;
    }
    if (this.#readsKey && this.#key.length < MAX_KEY_BYTES) this.#key += String.fromCharCode(byte ?? 0);
  }

  #keep(bytes: Buffer): void {
    this.#bytes += bytes.length;
    this.#isTooLong ||= this.#bytes > MAX_ITEM_BYTES;
    // The chunk belongs to the reader and is copied.
    if (!this.#isTooLong) this.#parts.push(Buffer.from(bytes));
    else this.#parts = [];
  }

  #take(): Buffer | undefined {
    const item = this.#isTooLong ? undefined : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#isTooLong = false;
    return item;
  }
}
