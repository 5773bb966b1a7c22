import { type RawBuilder, sql } from 'kysely';
import type { SqlValue } from '../db/statement.ts';
import { sqlBuilder } from '../db/tables.ts';
import { COLUMNS, type Column, footprintColumn, SOURCES, STORED } from './columns.ts';

/** A query of SQLite. */
export interface SqliteQuery {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** The columns of an index with these footprint keys, in their order. */
export function columnsOf(footprintKeys: readonly string[]): readonly Column[] {
  return [...COLUMNS, ...footprintKeys.map(footprintColumn)];
}

/**
 * Jobs as lines of CSV: one row with `csv` (BLOB, NULL without jobs), `rows`, `last` (the highest id), `odd` (how many an index cannot
 * hold) and `unknown` (how many have a footprint key that is none of these). Texts are quoted, numbers are not, NULL is nothing.
 */
function csvOf(footprintKeys: readonly string[], from: RawBuilder<unknown>): SqliteQuery {
  const columns = footprintKeys.map(footprintColumn);
  const oddities = COLUMNS.flatMap(({ isOdd }) => (isOdd === undefined ? [] : [isOdd]));
  const oddNumbers = columns.flatMap(({ isOdd }) => (isOdd === undefined ? [] : [isOdd]));
  const or = sql` OR `;
  const isOdd = sql.join(
    [
      ...oddities,
      ...(oddNumbers.length === 0 ? [] : [sql`CASE WHEN job.numbers IS NULL THEN ${sql.join(oddNumbers, or)} END`]),
    ],
    or,
  );
  const numbers = columns.length === 0 ? [] : [footprintFields(columns)];
  const lineOf = (quoted: (text: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    sql`concat(${sql.join([...COLUMNS.map((column) => fieldOf(column, quoted)), ...numbers], sql`, ',', `)})`;
  const texts = COLUMNS.flatMap(({ type, from: text, isPlain }) => (type === 'VARCHAR' && !isPlain ? [text] : []));
  const sources = Object.entries(SOURCES).map(([name, source]) => sql`${source} AS ${sql.ref(name)}`);
  // Kept: SQLite would take a text out of its JSON again wherever it is named. One look for quotes is cheaper than one for each text.
  const query = sql`WITH read AS MATERIALIZED (SELECT ${sql.join(STORED)}, ${sql.join(sources)}, ${plainNumbers(footprintKeys)} AS numbers ${from})
    SELECT CAST(group_concat(line, char(10)) AS BLOB) AS csv, count(*) AS rows, max(id) AS last,
      count(CASE WHEN is_odd THEN 1 END) AS odd, count(CASE WHEN has_unknown THEN 1 END) AS unknown
    FROM (SELECT job.id AS id,
      CASE WHEN instr(concat(${sql.join(texts)}), '"') > 0 THEN ${lineOf(doubledQuotes)} ELSE ${lineOf((text) => text)} END AS line,
      ${isOdd} AS is_odd, ${hasUnknown(footprintKeys)} AS has_unknown FROM read AS job)`;
  return compiled(query);
}

function doubledQuotes(text: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`replace(${text}, '"', '""')`;
}

/** The jobs behind an id, up to another. */
export function jobsBetween(footprintKeys: readonly string[], from: bigint, to: bigint): SqliteQuery {
  return csvOf(footprintKeys, sql`FROM job WHERE job.id > ${from} AND job.id <= ${to} ORDER BY job.id`);
}

/** The jobs that were changed behind a seq, up to another. */
export function jobsChanged(footprintKeys: readonly string[], from: bigint, to: bigint): SqliteQuery {
  return csvOf(footprintKeys, sql`FROM job WHERE job.id IN (${changed(from, to)})`);
}

/** Neighbouring jobs: those behind an id, up to another. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** The keys of the footprints of the `most` jobs behind an id that are not among these. */
export function newKeys(footprintKeys: readonly string[], id: bigint, most: number): SqliteQuery {
  return keysOf(footprintKeys, sql`WHERE id > ${id} ORDER BY id LIMIT ${sql.lit(most)}`);
}

/** The same of the jobs that were changed behind a seq, up to another. */
export function newKeysOfChanged(footprintKeys: readonly string[], from: bigint, to: bigint): SqliteQuery {
  return keysOf(footprintKeys, sql`WHERE id IN (${changed(from, to)})`);
}

function changed(from: bigint, to: bigint): RawBuilder<unknown> {
  return sql`SELECT job_id FROM ccjobs_changes WHERE seq > ${from} AND seq <= ${to}`;
}

function keysOf(footprintKeys: readonly string[], which: RawBuilder<unknown>): SqliteQuery {
  const jobs = sql`(SELECT footprint FROM job ${which}) AS job`;
  return compiled(
    sql`SELECT CAST(json_group_array(key) AS BLOB) AS keys FROM (SELECT DISTINCT member.key AS key FROM ${jobs}, ${members()} WHERE ${isUnknown(footprintKeys)} ORDER BY 1)`,
  );
}

/**
 * Whether a footprint has a number under another key. Every member has a colon: where there are as many as numbers under the known keys,
 * there is nothing else in it, and nobody has to look at each.
 */
function hasUnknown(footprintKeys: readonly string[]): RawBuilder<unknown> {
  const isThere = sql`EXISTS (SELECT 1 FROM ${members()} WHERE ${isUnknown(footprintKeys)})`;
  const count = (text: RawBuilder<unknown>, what: string) =>
    sql`(octet_length(${text}) - octet_length(replace(${text}, ${sql.lit(what)}, ''))) / ${sql.lit(what.length)}`;
  const known = sql`${sql.lit(footprintKeys.length)} - ${count(sql`job.numbers`, 'null')}`;
  const colons = count(sql`CAST(job.footprint AS TEXT)`, ':');
  return sql`CASE WHEN job.numbers IS NOT NULL THEN CASE WHEN ${colons} = ${known} THEN 0 ELSE ${isThere} END ELSE ${isThere} END`;
}

function members(): RawBuilder<unknown> {
  const text = sql`CAST(job.footprint AS TEXT)`;
  return sql`json_each(CASE WHEN json_valid(${text}) THEN CASE json_type(${text}) WHEN 'object' THEN ${text} ELSE '{}' END ELSE '{}' END) AS member`;
}

/** Only keys that a filter may name (isFootprintKey), and only numbers. */
function isUnknown(footprintKeys: readonly string[]): RawBuilder<unknown> {
  const keys = sql.join(footprintKeys.map((key) => sql.lit(key)));
  const isNew = footprintKeys.length === 0 ? sql`1` : sql`member.key NOT IN (${keys})`; // first: it rules out most
  return sql`${isNew} AND member.type IN ('integer', 'real') AND member.key <> '' AND member.key NOT GLOB '*[^A-Za-z0-9_]*'`;
}

/**
 * The numbers of a footprint under these keys as a JSON array, taken out at once, where each means the same to SQLite and DuckDB: up to
 * 15 digits and no exponent. NULL where one does not, or is of another type.
 */
function plainNumbers(footprintKeys: readonly string[]): RawBuilder<unknown> {
  if (footprintKeys.length < 2) return sql`NULL`; // of one key json_extract makes no array
  const text = sql`CAST(job.footprint AS TEXT)`;
  const paths = footprintKeys.map((key) => sql.lit(`$."${key}"`)); // isFootprintKey: nothing to escape
  const numbers = sql`CASE WHEN json_valid(${text}) THEN json_extract(${text}, ${sql.join(paths)}) END`;
  const tooLong = `*[[,-]${'[0-9.]'.repeat(PLAIN_DIGITS + 1)}*`; // told where a number begins
  // Numbers and null alone: texts, objects, lists, true, false and exponents have one of these.
  const arePlain = sql`substr(value, 2) NOT GLOB '*[eE"{[]*' AND value NOT GLOB ${sql.lit(tooLong)}`;
  // LIMIT: the text is then made once.
  return sql`(SELECT CASE WHEN ${arePlain} THEN value END FROM (SELECT ${numbers} AS value LIMIT 1))`;
}

/** The fields of the footprint columns, commas between them. */
function footprintFields(columns: readonly Column[]): RawBuilder<unknown> {
  const each = sql.join(
    columns.map((column) => fieldOf(column, doubledQuotes)),
    sql`, ',', `,
  );
  return sql`CASE WHEN job.numbers IS NOT NULL THEN replace(substr(job.numbers, 2, length(job.numbers) - 2), 'null', '') ELSE concat(${each}) END`;
}

/** Digits that every reader of decimals reads alike. */
const PLAIN_DIGITS = 15;

/** `concat` reads NULL as nothing. */
function fieldOf(
  { type, from, isPlain }: Column,
  quoted: (text: RawBuilder<unknown>) => RawBuilder<unknown>,
): RawBuilder<unknown> {
  switch (type) {
    case 'VARCHAR':
      return sql`'"' || ${isPlain ? from : quoted(from)} || '"'`;
    case 'DOUBLE': {
      // 17 digits tell every double from its neighbours; three behind the point do where there are no others, and concat() writes those.
      const isRounded = sql`abs(${from}) < 1e11 AND CAST(${from} * 1000 AS INTEGER) / 1000.0 = ${from}`;
      return sql`CASE WHEN ${isRounded} THEN ${from} WHEN ${from} IS NOT NULL THEN printf('%!.17g', ${from}) END`; // printf reads NULL as 0
    }
    default:
      return from;
  }
}

function compiled(query: RawBuilder<unknown>): SqliteQuery {
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return { sql: text, parameters: parameters as readonly SqlValue[] };
}
