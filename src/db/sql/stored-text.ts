import { type RawBuilder, sql } from 'kysely';

/**
 * The first characters of what is stored, as TEXT. A value that is short enough is left whole: the text functions of SQLite end at a NUL,
 * which a stored name may hold, and a filter with what is left of such a name finds nothing.
 */
export function firstCharacters(value: RawBuilder<unknown>, most: number): RawBuilder<unknown> {
  const text = sql`CAST(${value} AS TEXT)`;
  return sql`CASE WHEN octet_length(${text}) <= ${sql.lit(most)} THEN ${text} ELSE substr(${text}, 1, ${sql.lit(most)}) END`;
}
