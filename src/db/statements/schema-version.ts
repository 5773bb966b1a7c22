import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';

/** One row in a migrated file: the schema's version, and whether a migration broke off. No row: version "none". */
export function schemaVersion() {
  return statementOf(
    'schema version',
    sql`SELECT CAST(version AS INTEGER) AS version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations ORDER BY 1 DESC LIMIT 1`,
    z.object({ version: z.int(), dirty: z.int().transform((value) => value !== 0) }),
  );
}
