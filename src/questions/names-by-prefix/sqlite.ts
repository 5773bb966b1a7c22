import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import { firstCharacters } from '../../db/sql/stored-text.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';

/** A field whose values have an index of table `job`. */
export type NamedField = 'user' | 'project';

/** After every text that begins with a prefix: no name contains the last character of Unicode. */
const LAST_CHARACTER = '\u{10FFFF}';

/**
 * The first `most` names of all jobs that begin with a text, in byte order. Each takes one search of the index, however
 * many jobs have it: DISTINCT would read the entries of all of them. Of a longer name than a filter may have, one
 * character more is returned.
 */
export function namesFrom(field: NamedField, prefix: string, most: number) {
  const column = sql.ref(FIELDS[field].column);
  const begin = prefix.toWellFormed();
  const next = (from: '>' | '>=', after: typeof column) =>
    sql`(SELECT ${column} FROM job WHERE ${column} ${sql.raw(from)} ${after} AND ${column} < ${begin + LAST_CHARACTER} ORDER BY ${column} LIMIT 1)`;
  return statementOf(
    'names',
    sql`WITH RECURSIVE names(name) AS (SELECT ${next('>=', sql`${begin}`)}
        UNION ALL SELECT ${next('>', sql`names.name`)} FROM names WHERE names.name IS NOT NULL LIMIT ${most + 1})
      SELECT ${firstCharacters(sql`name`, BOUNDS.text.most + 1)} AS name FROM names WHERE name IS NOT NULL LIMIT ${most}`,
    z.object({ name: z.string() }),
  );
}
