import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';

/** The version of the schema, and whether a migration was aborted. A migrated file has one row, others have none. */
export function schemaVersion() {
  return statementOf(
    'schema version',
    sql`SELECT CAST(version AS INTEGER) AS version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations ORDER BY 1 DESC LIMIT 1`,
    z.object({ version: z.int(), dirty: z.int().transform((value) => value !== 0) }),
  );
}
