import { type RawBuilder, sql } from 'kysely';
import { column } from '../../questions/where/sqlite.ts';
import { TAGS } from '../columns.ts';
import { fieldOf } from './careful.ts';
import { compiled, type SqliteQuery } from './query.ts';
import { LISTED, NOT_PLAIN, REALS } from './raw-lines.ts';
import type { Which } from './which.ts';

/** Of a job that is handed out as it stands: a batch of thousands is in memory at once, several times over. 380 hosts. */
const MOST_JSON_BYTES = 8_192;

/**
 * Jobs as raw lines (raw-lines.ts): one row with `lines` (BLOB, NULL without jobs). A job with large JSON, or an energy that is no number, is
 * a line of NOT_PLAIN and its id. Fails for a BLOB where a text or a whole number belongs: `cannotList`.
 *
 * The list is made by json_array(), which takes a third less time than concat(): that makes a text of each number before it joins them.
 */
export function plainRows(which: Which): SqliteQuery {
  const jsons = [sql`job.resources`, sql`job.footprint`];
  const sizes = jsons.map((json) => sql`ifnull(octet_length(${json}), 0)`);
  const isSmall = sql`${sql.join(sizes, sql` + `)} <= ${sql.lit(MOST_JSON_BYTES)}`;
  const fits = REALS.flatMap((each) => (each.fits === undefined ? [] : [each.fits]));
  const list = sql`json_array(${sql.join([...LISTED, TAGS].map(({ from }) => from))}, ${sql.join(sizes)})`;
  // JSON would have 15 of its 17 digits.
  const reals = REALS.flatMap((each) => [fieldOf(each, (text) => text), sql`','`]);
  const line = sql`concat(${sql.join([list, ...reals, ...jsons, name()])})`;
  const isPlain = sql.join([isSmall, ...fits], sql` AND `);
  return compiled(
    sql`SELECT CAST(group_concat(CASE WHEN ${isPlain} THEN ${line} ELSE concat(${sql.lit(NOT_PLAIN)}, job.id) END, char(10)) AS BLOB) AS lines ${which}`,
  );
}

/** True of the error of plainRows for jobs that it cannot read. */
export function cannotList(error: unknown): boolean {
  return error instanceof Error && error.message.includes('JSON cannot hold BLOB values');
}

/** What stands under `jobName`, NULL for nothing. */
function name(): RawBuilder<unknown> {
  const text = sql`CAST(${column('meta_data')} AS TEXT)`;
  return sql`CASE WHEN json_valid(${text}) THEN ${text} -> '$."jobName"' END`;
}
