import { type RawBuilder, sql } from 'kysely';
import { column } from '../../db/filters.ts';
import { STORED_COLUMNS, TAGS } from '../columns.ts';
import { fieldOf } from './careful.ts';
import { compiled, type SqliteQuery } from './query.ts';
import { NOT_PLAIN } from './raw-lines.ts';
import type { Which } from './which.ts';

/** Of a job that is handed out as it stands: a batch of thousands is in memory at once, several times over. 380 hosts. */
const MOST_JSON_BYTES = 8_192;

/**
 * Jobs as raw lines: one row with `lines` (BLOB, NULL without jobs). A line has the stored columns and the tags as in CSV, the sizes of the
 * resources and of the footprint, commas between them, then these two as they stand in the table, and the name as JSON, nothing between them. A job with a
 * quote in a text, large JSON, or a value that does not fit its column, is a line of NOT_PLAIN and its id.
 */
export function plainRows(which: Which): SqliteQuery {
  const texts = STORED_COLUMNS.flatMap(({ type, from }) => (type === 'VARCHAR' ? [from] : []));
  const fits = STORED_COLUMNS.flatMap((each) => (each.fits === undefined ? [] : [each.fits]));
  const jsons = [sql`job.resources`, sql`job.footprint`];
  const sizes = jsons.map((json) => sql`ifnull(octet_length(${json}), 0)`);
  const isSmall = sql`${sql.join(sizes, sql` + `)} <= ${sql.lit(MOST_JSON_BYTES)}`;
  const isPlain = sql`instr(concat(${sql.join(texts)}), '"') = 0 AND ${isSmall} AND ${sql.join(fits, sql` AND `)}`;
  const comma = sql`, ',', `;
  const fields = [...STORED_COLUMNS, TAGS].map((each) => fieldOf(each, (text) => text));
  const line = sql`concat(${sql.join([...fields, ...sizes], comma)}, ',', ${sql.join([...jsons, name()])})`;
  return compiled(
    sql`SELECT CAST(group_concat(CASE WHEN ${isPlain} THEN ${line} ELSE concat(${sql.lit(NOT_PLAIN)}, job.id) END, char(10)) AS BLOB) AS lines FROM (SELECT * ${which}) AS job`,
  );
}

/** What stands under `jobName`, NULL for nothing. */
function name(): RawBuilder<unknown> {
  const text = sql`CAST(${column('meta_data')} AS TEXT)`;
  return sql`CASE WHEN json_valid(${text}) THEN ${text} -> '$."jobName"' END`;
}
