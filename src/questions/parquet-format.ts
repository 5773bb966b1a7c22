import type { ColumnType } from '../jobs/export-format.ts';

/** The types of DuckDB for the columns of a Parquet file. */
export const PARQUET_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
  whole: 'BIGINT',
  decimal: 'DOUBLE',
  boolean: 'BOOLEAN',
};

/** The options of COPY for such a file. A reader of the file keeps a row group of each column in memory. */
export function parquetFormat(rowGroupRows: number): string {
  return `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false)`;
}
