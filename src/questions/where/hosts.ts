import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { allOf, anyOf, foldCase, NOTHING, textMatches } from '../../db/sql/conditions.ts';
import { storedJson } from '../../db/sql/stored-json.ts';
import type { TextOperator } from '../../jobs/filter.ts';

/** The resources of the current job, one row each, for use in FROM after `job`. Invalid JSON has no rows. */
export const HOSTS = sql`json_each(${storedJson(sql.ref('job.resources'), 'array', '[]')}) AS host`;

/** The host name of a row of HOSTS. NULL for an element without one. */
export const HOSTNAME = sql<string>`CASE WHEN host.type = 'object' THEN CASE json_type(host.value, '$.hostname') WHEN 'text' THEN json_extract(host.value, '$.hostname') END END`;

/** At least one host of the job is, contains, starts or ends with one of the values, or (`not`) is none of them. */
export function nodeCondition(operator: TextOperator, values: readonly string[]): RawBuilder<SqlBool> {
  if (values.length === 0) return NOTHING;
  const exists = sql<SqlBool>`EXISTS (SELECT 1 FROM ${HOSTS} WHERE ${textMatches(HOSTNAME, operator, values)})`;
  return operator === 'not' ? exists : allOf([mayHold(operator, values), exists]);
}

/**
 * A cheap test of the raw text that excludes most rows before their JSON is parsed. It never excludes a match, because
 * JSON without a backslash contains every string unchanged. `lower` would take a third of the time, so an exact
 * comparison does without.
 */
function mayHold(operator: TextOperator, values: readonly string[]): RawBuilder<SqlBool> {
  const text = sql`CAST(job.resources AS TEXT)`;
  const holds = values.map((value) =>
    operator === 'is'
      ? sql<SqlBool>`instr(${text}, ${value.toWellFormed()}) > 0`
      : sql<SqlBool>`instr(lower(${text}), ${foldCase(value.toWellFormed())}) > 0`,
  );
  return anyOf([...holds, sql<SqlBool>`instr(${text}, '\\') > 0`]);
}
