import type { Turn } from '../fair-queue.ts';
import type { TableColumn } from '../jobs/export-format.ts';

/** Writes Parquet files. */
export interface ParquetFiles {
  /**
   * Waits until a file may be written. Rejects with invalid_request for names that differ only in the case of letters,
   * with queue_full, or the reason of the turn's signal.
   */
  begin(columns: readonly TableColumn[], turn: Turn): Promise<ParquetFile>;
}

/** A file that is to be written. It keeps others waiting until it is closed. */
export interface ParquetFile {
  /**
   * Yields the file, or a part of a joined file: then it is called for one part after the other. `rows` are lines of
   * NDJSON, in batches of whole lines. Throws the signal's reason, an error of `rows`, and Faults.
   */
  bytes(rows: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void>;
  /** A file that is made of others. */
  joined(): JoinedFile;
  close(): void;
}

/** A whole Parquet file, as bytes. */
export type ParquetPart = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Joins Parquet files with the same columns to one, whose rows are theirs one after the other. */
export interface JoinedFile {
  /** Rows of the parts that have been sent whole. */
  readonly rows: number;
  /** Yields the file, once. There must be a part. Throws the errors of `parts`. */
  bytes(parts: AsyncIterable<ParquetPart>): AsyncGenerator<Uint8Array, void, void>;
}
