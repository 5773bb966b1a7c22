import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { bytesOf, textOf } from '../driver/driver-values.ts';
import type { Sqlite } from '../driver/node-sqlite.ts';
import type { SqlValue } from '../statement.ts';

/** Rows per query: few enough for a short step, enough to make its cost negligible. */
const ROWS_AT_ONCE = 1000;

/** How to read a column. Text may be stored as TEXT or BLOB. Ids are read as digits, because JSON would round them. */
export type ColumnKind = 'text' | 'number' | 'id' | 'json';

/** Columns of a table by name, with an expression if it differs from the name. */
export type Columns = Readonly<Record<string, { kind: ColumnKind; expression?: string }>>;

export interface ForeignRows {
  /** Values by column. NULL and columns that the file does not have are null. */
  rows: Record<string, unknown>[];
  /** The rowid of each row. */
  ids: number[];
  /** True if some text was not valid UTF-8. It has U+FFFD in these places. */
  repaired: boolean;
}

const Rows = z.array(z.array(z.unknown()));

/** The names of a table's columns. Empty if there is no such table. */
export function columnsOf(db: Sqlite, table: string): Set<string> {
  const names = jsonOf(db, 'SELECT json_array(name) AS row FROM pragma_table_info(?)', [table]);
  return new Set(names.value.map(([name]) => String(name)));
}

/** The number of rows of a table, estimated by its largest rowid. An exact count of a large file takes minutes. */
export function lastRowid(db: Sqlite, table: string): number {
  const { value } = jsonOf(db, `SELECT json_array(max(rowid)) AS row FROM ${table}`, []);
  return Number(value[0]?.[0] ?? 0);
}

/** All rows of a table in rowid order. Columns that the file lacks are null. A missing table has no rows. */
export function* rowsOfTable(db: Sqlite, table: string, columns: Columns): Generator<ForeignRows, void, void> {
  const there = columnsOf(db, table);
  if (there.size === 0) return;
  const names = Object.keys(columns);
  const values = Object.entries(columns).map(([name, { kind, expression }]) => {
    if (expression === undefined && !there.has(name)) return 'NULL';
    return selected(expression ?? `"${name}"`, kind);
  });
  const select = `SELECT json_array(rowid, ${values.join(', ')}) AS row FROM ${table}
    WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`;
  let after = -1n - 2n ** 62n;
  for (;;) {
    const { value, repaired } = jsonOf(db, select, [after]);
    const ids = value.map(([id]) => Number(id));
    const rows = value.map(([, ...fields]) => Object.fromEntries(names.map((name, at) => [name, fields[at]])));
    if (rows.length > 0) yield { rows, ids, repaired };
    if (rows.length < ROWS_AT_ONCE) return;
    after = BigInt(ids.at(-1) ?? 0);
  }
}

function selected(expression: string, kind: ColumnKind): string {
  if (kind === 'number') return `CASE WHEN typeof(${expression}) IN ('integer', 'real') THEN ${expression} END`;
  return kind === 'json' ? expression : `CAST(${expression} AS TEXT)`;
}

/** Reads the column `row` of a query as one JSON array. As BLOB, it preserves TEXT that is not valid UTF-8. */
function jsonOf(db: Sqlite, select: string, parameters: readonly SqlValue[]) {
  const sql = `SELECT CAST(json_group_array(json(row)) AS BLOB) AS json FROM (${select})`;
  const bytes = bytesOf(db.all(sql, parameters)[0]?.['json']);
  return { value: Rows.parse(JSON.parse(textOf(bytes))), repaired: !isUtf8(bytes) };
}
