import { constants, existsSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StartupError } from '../../startup-error.ts';
import { readOnlyUri, Sqlite } from '../driver/node-sqlite.ts';
import { START_BUSY_LIMIT_MS } from '../driver/pragmas.ts';
import { SQLITE, sqliteCode } from '../driver/sqlite-faults.ts';
import { JOB_COLUMNS } from '../job-rows.ts';
import { startupErrorOf } from '../startup-errors.ts';
import { migrationNames } from './migration-files.ts';
import { checkMigrations, checkVersion } from './schema-version.ts';

const HEADER_BYTES = 100; // https://www.sqlite.org/fileformat.html
const WRITE_BITS = 0o222;

/**
 * Checks that a path names a job database that can be served. Changes nothing and creates no side files. Throws a
 * StartupError that says what to do.
 */
export async function checkFile(path: string): Promise<void> {
  const shown = resolve(path);
  checkNoReplica(path);
  await checkFolder(dirname(shown), shown);
  await checkAccess(path, shown);
  const { version, dirty, missing, applied } = await readVersion(path, shown);
  checkVersion(shown, version, dirty);
  checkMigrations(shown, applied, await migrationNames());
  if (missing.length > 0) {
    throw new StartupError(
      `${shown} has schema version ${version}, but table job lacks ${missing.join(', ')}: it is not a database of cc-backend, or was changed by hand`,
    );
  }
}

/** Only libsql can write to a replica without breaking its link to the server, and only the syncer may do so. */
export function checkNoReplica(path: string): void {
  if (!existsSync(`${path}-client_wal_index`)) return;
  throw new StartupError(
    `${resolve(path)}: this file is a replica of a libSQL server; only the service with its DB_SYNC_URL may write to it. Use the server's database ` +
      '(docs/scaling.md). To turn the file into a database of its own, stop that service and delete FILE-client_wal_index and FILE.lock',
    { fault: 'read_only' },
  );
}

async function checkFolder(folder: string, shown: string): Promise<void> {
  const info = await stat(folder).catch((cause) => {
    throw new StartupError(`${folder}: the directory of the database does not exist: create it, or correct DB_URL`, {
      cause,
    });
  });
  if (!info.isDirectory())
    throw new StartupError(`${folder}: not a directory, so it cannot contain ${shown}: correct DB_URL`);
  await access(folder, constants.W_OK).catch((cause) => {
    throw new StartupError(`${folder}: not writable, and SQLite creates its log in this directory: make it writable`, {
      cause,
      fault: 'read_only',
    });
  });
}

/**
 * Checks the name and the permission bits only. No part of this process except SQLite may open the file: closing it by
 * other means releases the locks of all open connections (https://www.sqlite.org/howtocorrupt.html, 2.2), including
 * those that libsql has not released yet. Another program could then delete a log with acknowledged writes (measured: 1
 * % of the starts).
 */
async function checkAccess(path: string, shown: string): Promise<void> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreadable(shown, cause);
    throw new StartupError(`${shown}: no such file. Create a database with 'cc-jobs migrate', or try 'cc-jobs demo'`, {
      cause,
    });
  });
  // Opening a pipe would wait for a writer.
  if (!info.isFile()) throw new StartupError(`${shown}: not a regular file: correct DB_URL`);
  await access(path, constants.R_OK).catch((cause) => {
    throw unreadable(shown, cause);
  });
  if (info.size < HEADER_BYTES) throw noDatabase(shown); // SQLite takes an empty file for a new database
  // A file without any write bit must stay unchanged, even if the superuser could write to it.
  if ((info.mode & WRITE_BITS) === 0) throw readOnly(shown);
  await access(path, constants.W_OK).catch((cause) => {
    throw readOnly(shown, cause);
  });
}

function unreadable(shown: string, cause: NodeJS.ErrnoException): StartupError {
  return new StartupError(`${shown} cannot be read (${cause.code}): correct its permissions or DB_URL`, { cause });
}

function noDatabase(shown: string, cause?: unknown): StartupError {
  return new StartupError(
    `${shown}: not an SQLite database: correct DB_URL, or move the file away and run 'cc-jobs migrate'`,
    { cause },
  );
}

function readOnly(shown: string, cause?: unknown): StartupError {
  return new StartupError(`${shown}: read-only: make the file and its directory writable, or serve a copy`, {
    cause,
    fault: 'read_only',
  });
}

/** Opens the file read-only, and `immutable` if there is no log, so that SQLite creates no side files. */
async function readVersion(path: string, shown: string) {
  const log = await stat(`${path}-wal`).catch(() => undefined);
  const uri = readOnlyUri(path, log === undefined || log.size === 0 ? '&immutable=1' : '');
  const db = new Sqlite(uri, { busyTimeoutMs: START_BUSY_LIMIT_MS, readOnly: true });
  try {
    const rows = db.all('SELECT version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations');
    const [row] = rows;
    if (row === undefined || rows.length > 1) {
      throw new StartupError(
        `${shown}: not a job database (it has no schema version). Create one with 'cc-jobs migrate'`,
      );
    }
    const names = new Set(db.all("SELECT name FROM pragma_table_info('job')").map(({ name }) => name));
    const missing = ['id', ...JOB_COLUMNS].filter((name) => !names.has(name));
    const hasRecord = db.all("SELECT 1 FROM sqlite_schema WHERE name = 'ccjobs_migrations'").length > 0;
    const applied = hasRecord ? db.all('SELECT name FROM ccjobs_migrations').map(({ name }) => String(name)) : [];
    return { applied, version: Number(row['version']), dirty: Number(row['dirty']) !== 0, missing };
  } catch (error) {
    if (error instanceof StartupError) throw error;
    if (sqliteCode(error) === SQLITE.NOTADB) throw noDatabase(shown, error);
    const why = error instanceof Error ? error.message : String(error);
    if (/no such table/.test(why)) {
      throw new StartupError(`${shown}: not a job database (it has no table schema_migrations): correct DB_URL`, {
        cause: error,
      });
    }
    throw (
      startupErrorOf(error, shown) ??
      new StartupError(`${shown} cannot be opened as a database (${why})`, { cause: error })
    );
  } finally {
    db.close();
  }
}
