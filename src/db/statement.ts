import type { Compilable } from 'kysely';
import type { z } from 'zod';

/** Checks a row that was read. A zod schema is a RowParser. */
export interface RowParser<Row> {
  parse(value: unknown): Row;
}

/**
 * The type of a parameter. Whole numbers are bound as 64-bit integers, other numbers as REAL. Booleans are not
 * permitted, because binding one aborts the process (libsql 0.5.29).
 */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * A query as data. It can be sent to another process and has a name for the log. Its SQL returns exactly one row. The
 * column `json` of this row is a BLOB that contains a JSON array as UTF-8 text. There are three reasons for this form:
 *
 * - The whole work is done in the first step, the only one that runs off the JS thread and can be interrupted.
 * - Bytes cost half as much as row objects.
 * - TEXT that is not valid UTF-8 would abort the process that reads it. A BLOB does not.
 *
 * If the array can have thousands of rows, a comma and a line feed separate them, so that they can be parsed one by one.
 */
export interface Statement<Row> {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly row: RowParser<Row>;
  /** True for work that takes minutes. It runs at the lowest priority, and its process is replaced afterwards. */
  readonly isBackground?: boolean;
}

/**
 * One batch of a long list. Here `json` contains the rows as JSON texts joined by `,` and a line feed, without
 * brackets. No row contains a raw line feed. In addition it returns `rows`, their number, and `more`, a JSON value as
 * BLOB that is needed to create the next batch.
 */
export interface PageStatement<More> {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly more: RowParser<More>;
}

/**
 * The statement that returns the rows of a query in its order. The row schema has the columns of the query as keys. The
 * query must cast a column that may contain a BLOB to TEXT, because JSON has no BLOBs.
 */
export function rowsOf<Shape extends z.ZodRawShape>(
  name: string,
  query: Compilable<unknown>,
  row: z.ZodObject<Shape>,
): Statement<z.output<z.ZodObject<Shape>>> {
  const { sql, parameters } = query.compile();
  const plain = plainRows<Record<string, unknown>>(
    name,
    Object.keys(row.shape),
    sql,
    parameters as readonly SqlValue[],
  );
  return { name, sql: plain.sql, parameters: plain.parameters, row };
}

/**
 * Makes a statement from raw SQL, without the libraries that build and check it. Used for writes, because their process
 * starts in half the time without them. `columns` are those of the query. The types of the rows are not checked.
 */
export function plainRows<Row>(
  name: string,
  columns: readonly (keyof Row & string)[],
  sql: string,
  parameters: readonly SqlValue[] = [],
): Statement<Row> {
  const fields = columns.map((column) => `'${column}', "${column}"`);
  return {
    name,
    sql: `SELECT CAST('[' || ifnull(group_concat(json_object(${fields.join(', ')}), ',' || char(10)), '') || ']' AS BLOB) AS json FROM (${sql})`,
    parameters,
    row: { parse: (value) => value as Row },
  };
}
