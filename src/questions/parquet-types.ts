import type { ColumnType } from '../jobs/export-format.ts';

/** The types of DuckDB for the columns of a Parquet file. */
export const PARQUET_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
  whole: 'BIGINT',
  decimal: 'DOUBLE',
  boolean: 'BOOLEAN',
};
