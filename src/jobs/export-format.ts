import type { NumberText } from '../exact-json.ts';

/** The formats whose rows are text. */
export const TEXT_FORMATS = ['csv', 'ndjson'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

/** The formats in which lists and tables are exported. In an address they are the suffix. */
export const EXPORT_FORMATS = [...TEXT_FORMATS, 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

interface MediaType {
  /** The type in Accept that asks for the format. */
  readonly accepted: string;
  readonly contentType: string;
}

export const MEDIA_TYPES: Readonly<Record<ExportFormat, MediaType>> = {
  csv: { accepted: 'text/csv', contentType: 'text/csv; charset=utf-8; header=present' },
  ndjson: { accepted: 'application/x-ndjson', contentType: 'application/x-ndjson' },
  parquet: { accepted: 'application/vnd.apache.parquet', contentType: 'application/vnd.apache.parquet' },
};

/** `texts` is a list of texts, `whole` a number of 64 bits. */
export type ColumnType = 'text' | 'texts' | 'whole' | 'decimal' | 'boolean';
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A value of a table: a text, a list of texts, a number, or true or false. Null is an unknown number. */
export type Cell = string | readonly string[] | number | bigint | boolean | NumberText | null;
/** A row by the names of its columns. A column that it lacks is unknown. */
export type TableRow = Readonly<Partial<Record<string, Cell>>>;

/** Columns of one type. */
export function typedColumns(names: readonly string[], type: ColumnType): TableColumn[] {
  return names.map((name) => ({ name, type }));
}

interface Writer {
  /** The text before the rows. */
  head(columns: readonly string[]): string;
  /** A row of a table. The rows of a list of jobs are written by src/questions/list/export-row.ts. */
  row(columns: readonly string[], row: TableRow): string;
  /** The text after the rows. */
  tail(rows: number): string;
}

/** The text of an export. Each row ends with its own line end. */
export const EXPORT_WRITERS: Readonly<Record<TextFormat, Writer>> = {
  /** RFC 4180. Texts are always quoted and numbers never are. */
  csv: {
    head: (columns) => `${columns.map(csvText).join(',')}\r\n`,
    row: (columns, row) => `${columns.map((column) => csvField(row[column])).join(',')}\r\n`,
    tail: () => '',
  },
  /** One object per line. The last line marks the end. */
  ndjson: {
    head: () => '',
    row: (columns, row) =>
      `{${columns.map((column) => `${JSON.stringify(column)}:${jsonValue(row[column])}`).join(',')}}\n`,
    tail: (rows) => `{"end":true,"rows":${rows}}\n`,
  },
};

/** The characters that make spreadsheets take a text for a formula. */
export const FORMULA_STARTS = ['=', '+', '-', '@', '\t', '\r'] as const;

/** A text as a field of CSV. An apostrophe makes a formula a text. */
export function csvText(text: string): string {
  const isFormula = FORMULA_STARTS.some((start) => text.startsWith(start));
  return `"${isFormula ? "'" : ''}${text.replaceAll('"', '""')}"`;
}

function csvField(value: Cell = null): string {
  if (typeof value === 'string') return csvText(value);
  if (Array.isArray(value)) return csvText(value.join(';'));
  const number = jsonValue(value);
  return number === 'null' ? '' : number;
}

/** Bigints become whole numbers, NaN and infinity null. */
function jsonValue(value: Cell = null): string {
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
