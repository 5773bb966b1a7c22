import { BadStart } from '../bad-start.ts';

/** The schema version of cc-backend that we read and write (contract/database.md §1). */
export const SCHEMA_VERSION = 11;

/** That a database is whole and of the version we serve. Throws a BadStart that says what to do; `shown` names the database. */
export function checkVersion(shown: string, version: number, dirty: boolean): void {
  if (dirty) {
    throw new BadStart(
      `${shown}: a migration of this database failed half way (version ${version}, dirty). Repair it or go back to a ` +
        "backup; if you are sure that it is whole, 'cc-backend -force-db' clears the mark",
    );
  }
  if (version !== SCHEMA_VERSION) {
    const advice =
      version < SCHEMA_VERSION
        ? "bring it up with 'cc-backend -migrate-db', or copy its jobs with 'cc-jobs import db FILE'"
        : 'it was made by a newer cc-backend: update cc-jobs';
    throw new BadStart(`${shown}: has schema version ${version}, cc-jobs serves version ${SCHEMA_VERSION}: ${advice}`);
  }
}
