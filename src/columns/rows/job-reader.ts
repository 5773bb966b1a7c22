import { isUtf8 } from 'node:buffer';
import { bytesOf, giveBack } from '../../db/driver/driver-values.ts';
import { Unsuitable } from '../unsuitable.ts';
import { carefulRows } from './careful.ts';
import { LineWriter } from './line-writer.ts';
import { cannotList, plainRows } from './plain.ts';
import { PlainLineReader, type PlainLines } from './plain-lines.ts';
import type { SqliteQuery } from './query.ts';
import { type Which, withIds } from './which.ts';

/** Jobs as lines of CSV, a line feed behind each, in the order of columnsOf. */
export interface Batch {
  readonly csv: Buffer;
  readonly rows: number;
}

/** Batches. */
const MOST_CARE = 64;

/**
 * Reads jobs for an index. Most are plain, and SQLite only hands them out. The others it takes apart with care, two to three times as slow: where they
 * are most of a batch, the next batches are read with care at once.
 */
export class JobReader {
  readonly #row: (query: SqliteQuery) => Promise<Record<string, unknown>>;
  readonly #out = new LineWriter();
  /** Batches that are read with care before it is tried again without, and how many it will be the next time. */
  #care = { left: 0, next: 1 };
  /** Of the keys that were asked for last. */
  #plain: { keys: readonly string[]; lines: PlainLineReader } | undefined;

  /** `row` answers the first row of a query. */
  constructor(row: (query: SqliteQuery) => Promise<Record<string, unknown>>) {
    this.#row = row;
  }

  /** The CSV is there until the next read. 'more keys': a footprint has a number under another key than these. Throws Unsuitable. */
  async read(keys: readonly string[], which: Which): Promise<Batch | 'more keys'> {
    this.#out.clear();
    const rows = await this.#read(keys, which);
    if (rows === 'more keys') return rows;
    const csv = this.#out.written;
    if (csv.includes(0) || !isUtf8(csv)) throw new Unsuitable('a job has a text that is no UTF-8 or holds a NUL');
    return { csv, rows };
  }

  /** Writes the lines and answers how many. */
  async #read(keys: readonly string[], which: Which): Promise<number | 'more keys'> {
    if (this.#care.left > 0) {
      this.#care.left -= 1;
      return await this.#readWithCare(keys, which);
    }
    const plain = await this.#readPlain(keys, which);
    if (plain === 'more keys') return plain;
    if (plain === 'not plain') return await this.#readWithCare(keys, which);
    const { ids, rows } = plain;
    if (ids.length <= rows) this.#care.next = 1;
    else this.#care = { left: this.#care.next, next: Math.min(MOST_CARE, this.#care.next * 2) };
    if (ids.length === 0) return rows;
    const others = await this.#readWithCare(keys, withIds(ids));
    return others === 'more keys' ? others : rows + others;
  }

  async #readPlain(keys: readonly string[], which: Which): Promise<PlainLines | 'more keys' | 'not plain'> {
    const lines = await this.#plainLines(which);
    if (lines === 'not plain') return lines;
    if (lines === null) return { rows: 0, ids: [] };
    const bytes = bufferOf(lines);
    if (this.#plain?.keys !== keys) this.#plain = { keys, lines: new PlainLineReader(keys, this.#out) };
    const plain = this.#plain.lines.read(bytes);
    giveBack(bytes);
    return plain;
  }

  async #plainLines(which: Which): Promise<unknown> {
    try {
      return (await this.#row(plainRows(which)))['lines'];
    } catch (error) {
      if (cannotList(error)) return 'not plain';
      throw error;
    }
  }

  async #readWithCare(keys: readonly string[], which: Which): Promise<number | 'more keys'> {
    const { csv, rows, odd, unknown, last } = await this.#row(carefulRows(keys, which));
    if (Number(unknown) > 0) return 'more keys';
    if (Number(odd) > 0) throw new Unsuitable(`${odd} jobs up to id ${last} have a value of another type or size`);
    if (csv === null) return 0; // they have gone meanwhile
    const bytes = bufferOf(csv);
    this.#out.reserve(bytes.length);
    this.#out.copy(bytes, 0, bytes.length);
    giveBack(bytes);
    return Number(rows);
  }
}

/** A BLOB of the driver: the same bytes, as what has a copy() that leaves nothing to collect. */
function bufferOf(value: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = bytesOf(value);
  return Buffer.from(buffer, byteOffset, byteLength);
}
