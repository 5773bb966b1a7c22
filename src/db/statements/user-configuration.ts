import { sql } from 'kysely';
import { z } from 'zod';
import { BOUNDS } from '../../jobs/length-bounds.ts';
import { statementOf } from '../sql/sql-rows.ts';

/** The settings of a user by key. Values longer than cc-jobs writes are left out. */
export function userConfiguration(username: string) {
  return statementOf(
    'settings of a user',
    sql`SELECT CAST(confkey AS TEXT) AS key, CAST(value AS TEXT) AS value FROM configuration WHERE username = ${username.toWellFormed()} AND octet_length(value) <= ${BOUNDS.settingValue.most} ORDER BY confkey LIMIT ${BOUNDS.settings.most}`,
    z.object({ key: z.string(), value: z.string() }),
  );
}
