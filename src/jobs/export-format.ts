import type { NumberText } from '../lossless-json.ts';

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
  /** A row of a table. The rows of a list of jobs are written by src/questions/exported-jobs/sqlite.ts. */
  row(columns: readonly string[], row: TableRow): string;
  /** The text after the rows. */
  tail(rows: number): string;
}

/** The text of an export. Each row ends with its own line end. */
export const EXPORT_WRITERS: Readonly<Record<TextFormat, Writer>> = {
  /** RFC 4180. Texts are always quoted and numbers never are. */
  csv: {
    head: (columns) => csvLine(columns.map(csvText)),
    row: (columns, row) => csvLine(columns.map((column) => csvField(row[column]))),
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

/** The characters with which spreadsheets begin a formula, in both widths. */
const FORMULA_SIGNS = ['=', '+', '-', '@', '＝', '＋', '－', '＠'] as const;
/** The characters that make spreadsheets take a text for a formula. */
export const FORMULA_STARTS = [...FORMULA_SIGNS, '\t', '\r', '\n'] as const;
/** In the order of Unicode, all of them are before the first text, or after the second one. */
export const NO_FORMULA = ['A', '＊'] as const;

/** A text as a field of CSV. An apostrophe makes a formula a text. */
export function csvText(text: string): string {
  const isFormula = FORMULA_STARTS.some((start) => text.startsWith(start));
  return `"${isFormula ? "'" : ''}${text.replaceAll('"', '""')}"`;
}

/**
 * A spreadsheet in a language with decimal commas divides fields by `;`. A quotation mark after a comma quotes nothing
 * then, so that a field may begin inside a text: after a `;` or a line end.
 */
export const INNER_STARTS = [';', '\r', '\n'] as const;
/** What makes such a field a formula. A quotation mark in a text is written twice, which is an empty quoted text there. */
const INNER_SIGNS = [...FORMULA_SIGNS, '""'] as const;
export const INNER_FORMULAS = INNER_STARTS.flatMap((start) => INNER_SIGNS.map((sign) => `${start}${sign}`));
const ANY_INNER_START = new RegExp(`[${INNER_STARTS.join('')}]`, 'g');

/** Fields of CSV as a line. If a text has an inner formula, each of INNER_STARTS in the line gets an apostrophe. */
function csvLine(fields: readonly string[]): string {
  const line = fields.join(',');
  const isFormula = INNER_FORMULAS.some((formula) => line.includes(formula));
  return `${isFormula ? line.replaceAll(ANY_INNER_START, "$&'") : line}\r\n`;
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
