import { sql } from 'kysely';
import { z } from 'zod';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { OWN_SETTINGS } from '../../jobs/saved-filter.ts';
import { statementOf } from '../sql/sql-rows.ts';

/** The settings of a user by key, without our own. Values longer than cc-jobs writes are left out. */
export function userConfiguration(username: string) {
  return statementOf(
    'settings of a user',
    sql`SELECT CAST(confkey AS TEXT) AS key, CAST(value AS TEXT) AS value FROM configuration WHERE username = ${username.toWellFormed()} AND substr(confkey, 1, ${OWN_SETTINGS.length}) <> ${OWN_SETTINGS} AND octet_length(value) <= ${BOUNDS.settingValue.most} ORDER BY confkey LIMIT ${BOUNDS.settings.most}`,
    z.object({ key: z.string(), value: z.string() }),
  );
}
