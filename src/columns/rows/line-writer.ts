const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const TO_LOWER = 0x20;
/** One by one they are copied as fast. */
const FEW_BYTES = 32;
/** Room that is kept for the next lines. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

/** Bytes written one after another, without a look at whether there is room: `reserve` makes it. */
export class LineWriter {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** What was written: it is there until the next clear(). */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#bytes = Buffer.alloc(0);
  }

  reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  byte(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** The bytes of another array between two places. */
  copy(from: Buffer, start: number, end: number): void {
    if (end - start > FEW_BYTES) {
      this.#length += from.copy(this.#bytes, this.#length, start, end);
      return;
    }
    const bytes = this.#bytes;
    let length = this.#length;
    for (let at = start; at < end; at += 1, length += 1) bytes[length] = from[at] as number;
    this.#length = length;
  }

  /** The same with A-Z folded. */
  fold(from: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let length = this.#length;
    for (let at = start; at < end; at += 1, length += 1) {
      const byte = from[at] as number;
      bytes[length] = isUpper(byte) ? byte + TO_LOWER : byte;
    }
    this.#length = length;
  }
}

export function isUpper(byte: number): boolean {
  return byte >= UPPER_A && byte <= UPPER_Z;
}
