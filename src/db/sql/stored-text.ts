import { type RawBuilder, sql } from 'kysely';

/**
 * The first characters of a stored value as TEXT. A short value stays whole: SQLite's text functions end at a NUL,
 * which a stored name may contain, and a filter with the rest of such a name would find nothing.
 */
export function firstCharacters(value: RawBuilder<unknown>, most: number): RawBuilder<unknown> {
  const text = sql`CAST(${value} AS TEXT)`;
  return sql`CASE WHEN octet_length(${text}) <= ${sql.lit(most)} THEN ${text} ELSE substr(${text}, 1, ${sql.lit(most)}) END`;
}
