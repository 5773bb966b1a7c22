import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { TextOperator } from '../../jobs/filter.ts';

type Sql = Expression<unknown>;

/** What matches no row. */
export const NOTHING = sql<SqlBool>`0`;

export function allOf(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return joined(conditions, sql` AND `) ?? sql<SqlBool>`1`;
}

export function anyOf(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return joined(conditions, sql` OR `) ?? NOTHING;
}

/** As a balanced tree: a chain of a thousand conditions is deeper than SQLite allows (1,000). */
function joined(conditions: readonly RawBuilder<SqlBool>[], by: RawBuilder<unknown>): RawBuilder<SqlBool> | undefined {
  if (conditions.length < 2) return conditions[0];
  const half = conditions.length >> 1;
  return sql<SqlBool>`(${joined(conditions.slice(0, half), by)}${by}${joined(conditions.slice(half), by)})`;
}

/** One value as `=`, several as IN: the order of an index survives only `=`. */
export function isAnyOf(column: Sql, values: readonly unknown[]): RawBuilder<SqlBool> {
  if (values.length === 1) return sql<SqlBool>`${column} = ${values[0]}`;
  return sql<SqlBool>`${column} IN (${sql.join(values)})`;
}

/**
 * A column of integers that is any of some ids. A list goes as one parameter: two thousand of them make no statement of their
 * own, of megabytes.
 */
export function isAnyId(column: Sql, ids: readonly bigint[]): RawBuilder<SqlBool> {
  if (ids.length <= FEW_IDS) return isAnyOf(column, ids);
  return sql<SqlBool>`${column} IN (SELECT value FROM json_each(${`[${ids.join(',')}]`}))`;
}

const FEW_IDS = 8;

/**
 * A text compared with the values of a condition; a NULL text matches nothing. `instr` on folded texts and not LIKE:
 * it has no wildcards, no limit to its pattern and does not stop at NUL, which is worth being slower (300,000 user names:
 * 54 ms, LIKE 26 ms; in JSON columns the difference drowns).
 */
export function textMatches(text: Sql, operator: TextOperator, values: readonly string[]): RawBuilder<SqlBool> {
  if (values.length === 0) return NOTHING;
  // A lone surrogate cannot be stored or sent: everywhere it is U+FFFD.
  const texts = values.map((value) => value.toWellFormed());
  switch (operator) {
    case 'is':
      return isAnyOf(text, texts);
    case 'not':
      return sql<SqlBool>`${text} NOT IN (${sql.join(texts)})`;
    case 'contains':
      return anyOf(texts.map((value) => sql<SqlBool>`instr(lower(${text}), ${foldCase(value)}) > 0`));
    case 'starts-with':
      return anyOf(texts.map((value) => sql<SqlBool>`instr(lower(${text}), ${foldCase(value)}) = 1`));
  }
}

/** As lower() of SQLite does it: A-Z and nothing else. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
