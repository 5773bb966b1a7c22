import { Fault } from '../faults.ts';
import { type Footer, footerParts, moved, readFooter } from './parquet-footer.ts';
import type { JoinedFile, ParquetPart } from './parquet-port.ts';

const MAGIC = new TextEncoder().encode('PAR1');
/** The length of the metadata and MAGIC, after the metadata. */
const END_BYTES = 4 + MAGIC.byteLength;
/**
 * The end of a part that is kept until its metadata is known. That of a million rows takes 100 KB if DuckDB writes 20
 * columns in row groups of 20,480.
 */
const MOST_FOOTER_BYTES = 8 * 1024 * 1024;

/** Row groups are sent as they are. Their metadata, some KB for each, is kept to the end. */
export class JoinedParquet implements JoinedFile {
  #rows = 0n;
  #sent = 0;
  #first: Footer | undefined;
  readonly #rowGroups: Uint8Array[] = [];

  get rows(): number {
    return Number(this.#rows);
  }

  async *bytes(parts: AsyncIterable<ParquetPart>): AsyncGenerator<Uint8Array, void, void> {
    for await (const part of parts) yield* this.#sentPart(part);
    if (this.#first === undefined) throw new Fault('internal', 'a Parquet file of no parts');
    const metadata = footerParts({ ...this.#first, rows: this.#rows, rowGroups: this.#rowGroups });
    const length = metadata.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const end = new Uint8Array(length + END_BYTES);
    let at = 0;
    for (const bytes of metadata) {
      end.set(bytes, at);
      at += bytes.byteLength;
    }
    new DataView(end.buffer).setUint32(at, length, true);
    end.set(MAGIC, at + 4);
    yield end;
  }

  /** Yields a part without its metadata, and all but the first without MAGIC at its start. */
  async *#sentPart(part: ParquetPart): AsyncGenerator<Uint8Array, void, void> {
    const skipped = this.#first === undefined ? 0 : MAGIC.byteLength;
    const movedBy = BigInt(this.#sent - skipped);
    const kept = new KeptEnd(MOST_FOOTER_BYTES);
    let toSkip = skipped;
    const sent = (bytes: Uint8Array) => {
      const own = bytes.subarray(toSkip);
      toSkip -= bytes.byteLength - own.byteLength;
      this.#sent += own.byteLength;
      return own;
    };
    for await (const bytes of part) for (const early of kept.add(bytes)) yield sent(early);
    const end = kept.bytes();
    const length = end.byteLength < END_BYTES ? 0 : viewOf(end).getUint32(end.byteLength - END_BYTES, true);
    const dataBytes = end.byteLength - END_BYTES - length;
    if (length === 0 || dataBytes < 0) throw new Fault('internal', 'a part of a Parquet file has no metadata');
    const footer = readFooter(end.subarray(dataBytes, dataBytes + length));
    this.#first ??= footer;
    if (!isEqual(footer.schema, this.#first.schema)) throw new Fault('internal', 'parts with different columns');
    this.#rowGroups.push(...footer.rowGroups.map((group) => moved(group, movedBy)));
    yield sent(end.subarray(0, dataBytes));
    this.#rows += footer.rows;
  }
}

/** The last bytes of a stream. */
class KeptEnd {
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds bytes and returns those that are not kept any more. */
  add(bytes: Uint8Array): Uint8Array[] {
    this.#chunks.push(bytes);
    this.#size += bytes.byteLength;
    let early = 0;
    for (; this.#size - (this.#chunks[early]?.byteLength ?? 0) >= this.#most; early += 1) {
      this.#size -= this.#chunks[early]?.byteLength ?? 0;
    }
    return this.#chunks.splice(0, early);
  }

  bytes(): Uint8Array {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at]);
}
