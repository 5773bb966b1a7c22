import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { JOB_COLUMNS } from '../job-rows.ts';

/** A column of table `job` (contract/database.md §2; the DDL is in migrations/0001). */
export type JobColumn = (typeof JOB_COLUMNS)[number] | 'id' | 'submit_time';

/** Builds SQL but never runs it. Compiled statements go through the Database port. */
export const sqlBuilder = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
