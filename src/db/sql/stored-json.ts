import { type Expression, sql } from 'kysely';

/**
 * A column of stored JSON as TEXT that is safe to hand to the JSON functions, or `otherwise`. cc-backend writes BLOB and
 * TEXT; a BLOB of 6 or 8 bytes might be taken for SQLite's binary JSON, so the cast comes first. What is broken, NULL or
 * of another type (`array`, `object`) reads as `otherwise`: the JSON functions would fail on it, and with them the query.
 */
export function storedJson(column: Expression<unknown>, type: 'array' | 'object', otherwise: string) {
  const text = sql`CAST(${column} AS TEXT)`;
  // Nested CASE, not AND: only CASE promises that json_type never sees what json_valid refuses.
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN ${sql.lit(type)} THEN ${text} ELSE ${sql.lit(otherwise)} END ELSE ${sql.lit(otherwise)} END`;
}

/** The stored JSON printed anew, on one line; the text `null` for what is broken. */
export function printedJson(column: Expression<unknown>, type: 'array' | 'object') {
  const text = sql`CAST(${column} AS TEXT)`;
  // json() also drops what may stand behind a NUL, which json_valid does not see.
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN ${sql.lit(type)} THEN json(${text}) ELSE 'null' END ELSE 'null' END`;
}

/** The text under a top-level key, NULL where there is none. */
export function jsonText(column: Expression<unknown>, key: string) {
  return memberOf(column, key, ['text']);
}

/** The number under a top-level key, NULL where there is none. */
export function jsonNumber(column: Expression<unknown>, key: string) {
  return memberOf(column, key, ['integer', 'real']);
}

function memberOf(column: Expression<unknown>, key: string, types: readonly string[]) {
  const text = sql`CAST(${column} AS TEXT)`;
  const path = `$."${key}"`; // the keys are ours or checked by isFootprintKey: nothing to escape
  const wanted = sql.join(types.map((type) => sql.lit(type)));
  return sql<string>`CASE WHEN json_valid(${text}) THEN CASE WHEN json_type(${text}, ${path}) IN (${wanted}) THEN json_extract(${text}, ${path}) END END`;
}
