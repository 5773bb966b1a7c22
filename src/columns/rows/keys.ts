import { type RawBuilder, sql } from 'kysely';
import { compiled, type SqliteQuery } from './query.ts';
import type { Which } from './which.ts';

/** The keys of the footprints of some jobs that are not among these: one row with `keys`, a JSON list as BLOB. */
export function newKeys(footprintKeys: readonly string[], which: Which): SqliteQuery {
  const jobs = sql`(SELECT footprint ${which}) AS job`;
  return compiled(
    sql`SELECT CAST(json_group_array(key) AS BLOB) AS keys FROM (SELECT DISTINCT member.key AS key FROM ${jobs}, ${members()} WHERE ${isUnknown(footprintKeys)} ORDER BY 1)`,
  );
}

/** The members of the footprint of the job at hand, one row each. */
export function members(): RawBuilder<unknown> {
  const text = sql`CAST(job.footprint AS TEXT)`;
  return sql`json_each(CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN 'object' THEN ${text} ELSE '{}' END ELSE '{}' END) AS member`;
}

/** Only keys that a filter may name (isFootprintKey), and only numbers. */
export function isUnknown(footprintKeys: readonly string[]): RawBuilder<unknown> {
  const keys = sql.join(footprintKeys.map((key) => sql.lit(key)));
  const isNew = footprintKeys.length === 0 ? sql`1` : sql`member.key NOT IN (${keys})`; // first: it rules out most
  return sql`${isNew} AND member.type IN ('integer', 'real') AND member.key <> '' AND member.key NOT GLOB '*[^A-Za-z0-9_]*'`;
}
