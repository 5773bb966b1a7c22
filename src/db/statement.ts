import type { Compilable } from 'kysely';
import type { z } from 'zod';

/** What checks a row on its way in. A zod schema is one. */
export interface RowParser<Row> {
  parse(value: unknown): Row;
}

/**
 * What a parameter may be. Whole numbers are bound as 64-bit integers, other numbers as REAL. A boolean is none: binding
 * one aborts the process (libsql 0.5.29).
 */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * A query as data, so that it can cross to another process and has a name in the logs. Its SQL answers with exactly one
 * row whose column `json` is a BLOB: the UTF-8 text of a JSON array. That shape is on purpose: the whole work is done in
 * the first step, the only one that runs off the JS thread and can be interrupted; bytes cost half of row objects; and
 * TEXT that is not valid UTF-8 would abort the process that reads it, where as BLOB it is harmless.
 */
export interface Statement<Row> {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly row: RowParser<Row>;
  /** True for work that takes minutes: it runs at the lowest priority, on a process that is replaced afterwards. */
  readonly isBackground?: boolean;
}

/**
 * One batch of a big answer. Beside `json` (here the rows as JSON texts joined by `,` and a line feed, no brackets; no
 * row holds a raw line feed) it answers `rows`, their number, and `more`: a JSON value as BLOB, what the maker of the
 * next batch needs.
 */
export interface PageStatement<More> {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly more: RowParser<More>;
}

/**
 * The statement that answers with the rows of a query, in its order. The keys of the row schema are the query's columns;
 * a column that may hold a BLOB must be cast to TEXT by the query, since JSON cannot hold one.
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
 * The same for SQL written out, without the libraries that build and check it: for writes, whose process starts in half the
 * time without them. `columns` are those of the query, and the type of its rows is believed.
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
    sql: `SELECT CAST(json_group_array(json_object(${fields.join(', ')})) AS BLOB) AS json FROM (${sql})`,
    parameters,
    row: { parse: (value) => value as Row },
  };
}
