import { StartupError } from '../../startup-error.ts';

/** The schema version of cc-backend that cc-jobs reads and writes (contract/database.md §1). */
export const SCHEMA_VERSION = 11;

/** Checks that a database is complete and has this version. Throws StartupError. `shown` names the database. */
export function checkVersion(shown: string, version: number, dirty: boolean): void {
  if (dirty) {
    throw new StartupError(
      `${shown}: a migration of this database failed halfway (version ${version}, dirty). Repair it or restore a ` +
        "backup; if you are sure that it is complete, 'cc-backend -force-db' clears the flag",
    );
  }
  if (version !== SCHEMA_VERSION) {
    const advice =
      version < SCHEMA_VERSION
        ? "update it with 'cc-backend -migrate-db', or copy its jobs with 'cc-jobs import db FILE'"
        : 'it was created by a newer cc-backend: update cc-jobs';
    throw new StartupError(
      `${shown} has schema version ${version}, but cc-jobs requires version ${SCHEMA_VERSION}: ${advice}`,
    );
  }
}

/** The name of a migration that earlier versions of cc-jobs cannot ignore. All others only add tables of ours. */
const BREAKING = /^\d{4}_breaking_/;

/**
 * Checks that every migration of a database is known here, or may be ignored. `applied` is the record of the database,
 * `known` the migrations of this version. Throws StartupError.
 */
export function checkMigrations(shown: string, applied: readonly string[], known: readonly string[]): void {
  const newer = applied.filter((name) => BREAKING.test(name) && !known.includes(name));
  if (newer.length === 0) return;
  throw new StartupError(
    `${shown}: a newer cc-jobs has changed this database (${newer.join(', ')}), and this version cannot read it: ` +
      'update cc-jobs, or restore a backup from before its upgrade',
  );
}
