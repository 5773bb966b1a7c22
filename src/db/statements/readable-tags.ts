import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../sql-rows.ts';

/** More than anybody looks through. */
const MOST_TAGS = 500;

/** Tags of these scopes, by type and name; the first MOST_TAGS. `id` is a number where that is exact. */
export function readableTags(scopes: readonly string[]) {
  const list = sql.join(scopes.map((scope) => scope.toWellFormed()));
  return statementOf(
    'readable tags',
    sql`SELECT CAST(id AS TEXT) AS id, CAST(tag_type AS TEXT) AS type, CAST(tag_name AS TEXT) AS name, CAST(tag_scope AS TEXT) AS scope FROM tag WHERE tag_scope IN (${list}) ORDER BY tag_type, tag_name, id LIMIT ${MOST_TAGS}`,
    z.object({ id: exactWhole, type: z.string(), name: z.string(), scope: z.string() }),
  );
}
