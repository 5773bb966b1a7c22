import type { TableColumn } from '../jobs/export-format.ts';

export interface ParquetOptions {
  /** DuckDB's memory_limit in MB. The process takes up to 110 MB more. */
  readonly memoryMb: number;
  /** A folder of this process alone. */
  readonly folder: string;
}

/** The calls run at the same time: one writes the file, one passes rows to it, and one takes its bytes. */
export interface ParquetProtocol {
  readonly options: ParquetOptions;
  readonly calls: {
    /** Ends when all rows have been written. */
    write: { input: readonly TableColumn[]; output: null };
    /** Passes rows as NDJSON, whole lines. Null is the end of the rows. */
    rows: { input: Uint8Array | null; output: null };
    /** Takes the next bytes of the file. Empty at its end. */
    bytes: { input: null; output: Uint8Array };
  };
  readonly step: never;
}
