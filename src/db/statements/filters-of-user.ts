import { sql } from 'kysely';
import { z } from 'zod';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { SAVED_FILTER_KEYS } from '../../jobs/saved-filter.ts';
import { statementOf } from '../sql/sql-rows.ts';

/** Bytes of a stored filter: its text, and the names of its members. */
const MOST_BYTES = 4 * BOUNDS.savedFilter.most;

/**
 * The saved filters of a user in order of their names. A user with an account and without saved filters has one row
 * without a key, a user without an account none.
 */
export function savedFilters(username: string) {
  const [first, end] = SAVED_FILTER_KEYS;
  return statementOf(
    'saved filters of a user',
    sql`SELECT CAST(c.confkey AS TEXT) AS key, CAST(c.value AS TEXT) AS value FROM hpc_user u
      LEFT JOIN configuration c ON c.username = u.username AND c.confkey >= ${first} AND c.confkey < ${end}
        AND octet_length(c.value) <= ${MOST_BYTES}
      WHERE u.username = ${username.toWellFormed()} ORDER BY c.confkey LIMIT ${BOUNDS.savedFilters.most}`,
    z.object({ key: z.string().nullable(), value: z.string().nullable() }),
  );
}
