import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { TAG_CHARACTERS } from '../../jobs/cut-lengths.ts';
import { exactWhole, statementOf } from '../sql/sql-rows.ts';
import { firstCharacters } from '../sql/stored-text.ts';

/** More tags than a person would read. */
const MOST_TAGS = 200;

/** More tags than a client would show. */
export const MOST_FULL_TAGS = 20_000;

/** Tags of these scopes, by type and name: the first MOST_TAGS, and their total number. `id` is a number if exact. */
export function readableTags(scopes: readonly string[]) {
  const shown = (value: RawBuilder<unknown>) => firstCharacters(value, TAG_CHARACTERS);
  const list = sql.join(scopes.map((scope) => scope.toWellFormed()));
  return statementOf(
    'readable tags',
    sql`SELECT CAST(id AS TEXT) AS id, ${shown(sql`tag_type`)} AS type, ${shown(sql`tag_name`)} AS name, ${shown(sql`tag_scope`)} AS scope, CAST(count(*) OVER () AS INTEGER) AS total FROM tag WHERE tag_scope IN (${list}) ORDER BY tag_type, tag_name, id LIMIT ${MOST_TAGS}`,
    z.object({ id: exactWhole, type: z.string(), name: z.string(), scope: z.string(), total: z.int() }),
  );
}

/** All tags of these scopes with their full texts, by id: the first MOST_FULL_TAGS, and one more if there are others. */
export function fullTags(scopes: readonly string[]) {
  const list = sql.join(scopes.map((scope) => scope.toWellFormed()));
  return statementOf(
    'all tags',
    sql`SELECT CAST(id AS TEXT) AS id, CAST(tag_type AS TEXT) AS type, CAST(tag_name AS TEXT) AS name, CAST(tag_scope AS TEXT) AS scope FROM tag WHERE tag_scope IN (${list}) ORDER BY id LIMIT ${MOST_FULL_TAGS + 1}`,
    z.object({ id: exactWhole, type: z.string(), name: z.string(), scope: z.string() }),
  );
}
