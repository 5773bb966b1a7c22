import { type RawBuilder, sql } from 'kysely';
import { COLUMNS, type Column, footprintColumn, SOURCES, STORED } from '../columns.ts';
import { isUnknown, members } from './keys.ts';
import { PLAIN_DIGITS } from './plain-lines.ts';
import { compiled, type SqliteQuery } from './query.ts';
import type { Which } from './which.ts';

/**
 * Jobs as lines of CSV, a line feed behind each: one row with `csv` (BLOB, NULL without jobs), `rows`, `last` (the highest id), `odd` (how many an index cannot
 * hold) and `unknown` (how many have a footprint key that is none of these). Texts are quoted, numbers are not, NULL is nothing.
 */
export function carefulRows(footprintKeys: readonly string[], which: Which): SqliteQuery {
  const columns = footprintKeys.map(footprintColumn);
  const oddNumbers = columns.flatMap(({ isOdd }) => (isOdd === undefined ? [] : [isOdd]));
  const isOdd = [
    ...COLUMNS.flatMap(({ fits }) => (fits === undefined ? [] : [sql`(${fits}) IS NOT TRUE`])),
    ...COLUMNS.flatMap(isOfAnotherType),
    ...(oddNumbers.length === 0 ? [] : [sql`CASE WHEN job.numbers IS NULL THEN ${sql.join(oddNumbers, OR)} END`]),
  ];
  const numbers = columns.length === 0 ? [] : [footprintFields(columns)];
  const lineOf = (quoted: (text: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    sql`concat(${sql.join([...COLUMNS.map((column) => fieldOf(column, quoted)), ...numbers], sql`, ',', `)})`;
  const texts = COLUMNS.flatMap(({ type, from: text, isPlain }) => (type === 'VARCHAR' && !isPlain ? [text] : []));
  const sources = Object.entries(SOURCES).map(([name, source]) => sql`${source} AS ${sql.ref(name)}`);
  // Kept: SQLite would take a text out of its JSON again wherever it is named. One look for quotes is cheaper than one for each text.
  const query = sql`WITH read AS MATERIALIZED (SELECT ${sql.join(STORED)}, ${sql.join(sources)}, ${plainNumbers(footprintKeys)} AS numbers ${which})
    SELECT CAST(group_concat(line, char(10)) || char(10) AS BLOB) AS csv, count(*) AS rows, max(id) AS last,
      count(CASE WHEN is_odd THEN 1 END) AS odd, count(CASE WHEN has_unknown THEN 1 END) AS unknown
    FROM (SELECT job.id AS id,
      CASE WHEN instr(concat(${sql.join(texts)}), '"') > 0 THEN ${lineOf(doubledQuotes)} ELSE ${lineOf((text) => text)} END AS line,
      ${sql.join(isOdd, OR)} AS is_odd, ${hasUnknown(footprintKeys)} AS has_unknown FROM read AS job)`;
  return compiled(query);
}

const OR = sql` OR `;

/** True for a number that SQLite keeps as one of another type. */
function isOfAnotherType({ type, from }: Column): RawBuilder<unknown>[] {
  switch (type) {
    case 'VARCHAR':
      return [];
    case 'UTINYINT':
      return [sql`${from} IS NULL`];
    case 'DOUBLE':
      return [sql`typeof(${from}) <> 'real'`];
    default:
      return [sql`typeof(${from}) <> 'integer'`];
  }
}

function doubledQuotes(text: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`replace(${text}, '"', '""')`;
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

/** `concat` reads NULL as nothing. */
export function fieldOf(
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
