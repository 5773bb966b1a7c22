import type { Deadline } from '../../deadline.ts';
import type { ParquetFile } from '../../parquet/parquet-port.ts';
import type { Batches, JobsList } from './jobs-list.ts';

/** A list as a Parquet file. `first` is the first batch of the list, which has been read. */
export class ParquetList implements Batches {
  readonly #list: JobsList;
  readonly #file: ParquetFile;
  readonly #bytes: AsyncGenerator<Uint8Array, void, void>;
  readonly #closed = new AbortController();

  constructor(list: JobsList, first: Uint8Array, file: ParquetFile) {
    async function* rows() {
      if (first.byteLength > 0) yield first;
      for (let batch = await list.next(); batch !== undefined; batch = await list.next()) yield batch.bytes;
    }
    this.#list = list;
    this.#file = file;
    this.#bytes = file.bytes(rows(), this.#closed.signal);
  }

  get rows(): number {
    return this.#list.rows;
  }

  goOnWithin(deadline: () => Deadline): void {
    this.#list.goOnWithin(deadline);
  }

  async next(): Promise<{ bytes: Uint8Array } | undefined> {
    const { value } = await this.#bytes.next();
    return value === undefined ? undefined : { bytes: value };
  }

  close(): void {
    this.#closed.abort();
    void this.#bytes.return().catch(() => {}); // runs its finally blocks even if no more bytes are requested
    this.#list.close();
    this.#file.close();
  }
}
