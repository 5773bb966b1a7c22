const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const TO_LOWER = 0x20;
/** Room that is kept for the next lines. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

/** Bytes written one after another, without a look at whether there is room: `reserve` makes it. */
export class LineWriter {
  #bytes = new Uint8Array(0);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** The bytes of another array between two places. */
  copy(from: Uint8Array, start: number, end: number): void {
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

  /** What was written, without the last `less` bytes; nothing is left. */
  take(less: number): Uint8Array {
    const taken = this.#bytes.slice(0, Math.max(0, this.#length - less));
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#bytes = new Uint8Array(0);
    this.clear();
    return taken;
  }
}

export function isUpper(byte: number): boolean {
  return byte >= UPPER_A && byte <= UPPER_Z;
}
