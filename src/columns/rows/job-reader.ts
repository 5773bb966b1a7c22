import { isUtf8 } from 'node:buffer';
import { bytesOf, giveBack } from '../../db/driver-values.ts';
import { Unsuitable } from '../unsuitable.ts';
import { carefulRows } from './careful.ts';
import { plainRows } from './plain.ts';
import { PlainLineReader, type PlainLines } from './plain-lines.ts';
import type { SqliteQuery } from './query.ts';
import { type Which, withIds } from './which.ts';

/** Jobs as lines of CSV, a line feed between them, in the order of columnsOf. */
export interface Batch {
  readonly csv: Uint8Array;
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
  /** Batches that are read with care before it is tried again without, and how many it will be the next time. */
  #care = { left: 0, next: 1 };
  /** Of the keys that were asked for last. */
  #plain: { keys: readonly string[]; lines: PlainLineReader } | undefined;

  /** `row` answers the first row of a query. */
  constructor(row: (query: SqliteQuery) => Promise<Record<string, unknown>>) {
    this.#row = row;
  }

  /** 'more keys': a footprint has a number under another key than these. Throws Unsuitable. */
  async read(keys: readonly string[], which: Which): Promise<Batch | 'more keys'> {
    if (this.#care.left > 0) {
      this.#care.left -= 1;
      return await this.#readWithCare(keys, which);
    }
    const plain = await this.#readPlain(keys, which);
    if (plain === 'more keys') return plain;
    const { ids, rows, csv } = plain;
    if (ids.length <= rows) this.#care.next = 1;
    else this.#care = { left: this.#care.next, next: Math.min(MOST_CARE, this.#care.next * 2) };
    if (ids.length === 0) return checked({ rows, csv });
    const others = await this.#readWithCare(keys, withIds(ids));
    if (others === 'more keys') return others;
    return checked({ rows: rows + others.rows, csv: joined(csv, others.csv) });
  }

  async #readPlain(keys: readonly string[], which: Which): Promise<PlainLines | 'more keys'> {
    const { lines } = await this.#row(plainRows(which));
    if (lines === null) return { csv: new Uint8Array(), rows: 0, ids: [] };
    const bytes = bytesOf(lines);
    if (this.#plain?.keys !== keys) this.#plain = { keys, lines: new PlainLineReader(keys) };
    const plain = this.#plain.lines.read(bytes);
    giveBack(bytes);
    return plain;
  }

  async #readWithCare(keys: readonly string[], which: Which): Promise<Batch | 'more keys'> {
    const { csv, rows, odd, unknown, last } = await this.#row(carefulRows(keys, which));
    if (Number(unknown) > 0) return 'more keys';
    if (Number(odd) > 0) throw new Unsuitable(`${odd} jobs up to id ${last} have a value of another type or size`);
    return checked({ csv: csv === null ? new Uint8Array() : bytesOf(csv), rows: Number(rows) });
  }
}

function checked(batch: Batch): Batch {
  if (batch.csv.includes(0) || !isUtf8(batch.csv)) {
    throw new Unsuitable('a job has a text that is no UTF-8 or holds a NUL');
  }
  return batch;
}

function joined(csv: Uint8Array, more: Uint8Array): Uint8Array {
  if (csv.length === 0) return more;
  if (more.length === 0) return csv; // they have gone meanwhile
  return Buffer.concat([csv, Buffer.from('\n'), more]);
}
