import { type Expression, sql } from 'kysely';

/**
 * A column of stored JSON as TEXT that is safe for the JSON functions, or `otherwise`. cc-backend writes BLOB and TEXT.
 * SQLite could take a BLOB of 6 or 8 bytes for its binary JSON, so the value is cast first. Invalid JSON, NULL and JSON
 * of another type (`array`, `object`) become `otherwise`, because the JSON functions, and thus the query, would fail.
 */
export function storedJson(column: Expression<unknown>, type: 'array' | 'object', otherwise: string) {
  const text = sql`CAST(${column} AS TEXT)`;
  // Nested CASE instead of AND: only CASE guarantees that json_type is not called with invalid JSON.
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN ${sql.lit(type)} THEN ${text} ELSE ${sql.lit(otherwise)} END ELSE ${sql.lit(otherwise)} END`;
}

/** The stored JSON reprinted on one line, or the text `null` for invalid JSON. */
export function printedJson(column: Expression<unknown>, type: 'array' | 'object') {
  const text = sql`CAST(${column} AS TEXT)`;
  // json() also drops text after a NUL, which json_valid does not see.
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN ${sql.lit(type)} THEN json(${text}) ELSE 'null' END ELSE 'null' END`;
}

/** The text under a top-level key, or NULL. */
export function jsonText(column: Expression<unknown>, key: string) {
  return memberOf(column, key, ['text']);
}

const NUMBERS = ['integer', 'real'];

/** The number under a top-level key, or NULL. */
export function jsonNumber(column: Expression<unknown>, key: string) {
  return memberOf(column, key, NUMBERS);
}

/** The same number with the digits of the stored JSON. */
export function jsonNumberText(column: Expression<unknown>, key: string) {
  return memberOf(column, key, NUMBERS, (text, path) => sql`${text} -> ${path}`);
}

type OfText = (text: Expression<unknown>, path: string) => Expression<unknown>;
const extracted: OfText = (text, path) => sql`json_extract(${text}, ${path})`;

function memberOf(column: Expression<unknown>, key: string, types: readonly string[], read = extracted) {
  const text = sql`CAST(${column} AS TEXT)`;
  const path = `$."${key}"`; // constant keys, or checked by isFootprintKey: nothing to escape
  const wanted = sql.join(types.map((type) => sql.lit(type)));
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE WHEN json_type(${text}, ${path}) IN (${wanted}) THEN ${read(text, path)} END END`;
}
