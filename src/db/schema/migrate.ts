import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../startup-error.ts';
import { Sqlite } from '../driver/node-sqlite.ts';
import { BUSY_TIMEOUT_MS } from '../driver/pragmas.ts';
import { SQLITE, sqliteCode } from '../driver/sqlite-faults.ts';
import { asStartupError } from '../startup-errors.ts';
import { BASE, FOLDER, type Migrated, migrationNames, OF_CC_BACKEND, RECORD } from './migration-files.ts';
import { checkFile, checkNoReplica } from './schema-check.ts';

/** Milliseconds that a second run waits for the first. The migrations of a new file take a few. */
const OTHER_RUNNER_MS = 10_000;

/**
 * Applies all missing migrations to a file. It creates the file and its folder if there is none, and adopts a file of
 * cc-backend unchanged. Each migration is one transaction that includes its record, so two runs at the same time are
 * safe: the second one finds the record of the first. Throws StartupError if the file is not a database of schema 11.
 */
export function migrate(path: string): Promise<Migrated> {
  return asStartupError(path, () => bringUp(path));
}

async function bringUp(path: string): Promise<Migrated> {
  checkNoReplica(path);
  const made = (await ageOf(path)) === undefined;
  if (made) await mkdir(dirname(path), { recursive: true });
  else await checkExisting(path);
  const names = await migrationNames();
  const db = new Sqlite(path, { busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    // If all are applied, no lock is needed, so a service also starts during a long write of another program.
    if (!made && hasAll(db, names)) return { made, applied: [] };
    const target = { db, path };
    // Only an empty file can be set up to give free pages back (docs/operations.md, retention).
    if (made) await whenFree(target, 'PRAGMA auto_vacuum = INCREMENTAL;');
    await whenFree(target, 'PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;');
    await transaction(target, async () => adopt(db));
    const applied: string[] = [];
    for (const name of names) {
      if (await transaction(target, () => apply(db, name))) applied.push(name);
    }
    return { made, applied };
  } finally {
    db.close();
  }
}

/** A file that another run has just created has no version yet. Waits for that run before it judges the file. */
async function checkExisting(path: string): Promise<void> {
  for (;;) {
    try {
      await checkFile(path);
      return;
    } catch (error) {
      const ageMs = await ageOf(path);
      if (ageMs === undefined || ageMs > OTHER_RUNNER_MS || ageMs < 0) throw error;
      await sleep(50);
    }
  }
}

/** Milliseconds since the file was created, or undefined if there is none. */
async function ageOf(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info === undefined ? undefined : Date.now() - info.birthtimeMs;
}

/** A file of schema 11 without our record was made by cc-backend. Its base migrations count as applied. */
function adopt(db: Sqlite): void {
  if (has(db, 'ccjobs_migrations') || !has(db, 'job')) return;
  db.exec(RECORD);
  for (const name of BASE) record(db, name);
}

async function apply(db: Sqlite, name: string): Promise<boolean> {
  db.exec(RECORD);
  const known = db.all('SELECT 1 FROM ccjobs_migrations WHERE name = ?', [name]);
  if (known.length > 0) return false;
  record(db, name);
  if (BASE.includes(name) && db.all(OF_CC_BACKEND).length > 0) return false;
  db.exec(await readFile(join(FOLDER, name), 'utf8'));
  return true;
}

function hasAll(db: Sqlite, names: readonly string[]): boolean {
  if (!has(db, 'ccjobs_migrations')) return false;
  const rows = db.all('SELECT name FROM ccjobs_migrations ORDER BY name');
  const known = new Set(rows.map(({ name }) => name));
  return names.every((name) => known.has(name));
}

function record(db: Sqlite, name: string): void {
  db.runEach('INSERT INTO ccjobs_migrations (name, applied_at) VALUES (?, unixepoch())', [[name]]);
}

function has(db: Sqlite, table: string): boolean {
  return db.all("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]).length > 0;
}

interface Target {
  db: Sqlite;
  path: string;
}

async function transaction<Result>({ db, path }: Target, work: () => Promise<Result>): Promise<Result> {
  await whenFree({ db, path }, 'BEGIN IMMEDIATE');
  try {
    const result = await work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Sleeps between attempts. A wait inside SQLite would block a thread that the other run may need. */
async function whenFree({ db, path }: Target, sql: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      db.exec(sql);
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.BUSY) throw error;
      if (performance.now() - startedAt > OTHER_RUNNER_MS) {
        throw new StartupError(
          `${path}: another program has locked the database, and cc-jobs has to add its tables: try again when that program has finished`,
          { cause: error, fault: 'database_busy' },
        );
      }
      await sleep(BUSY_TIMEOUT_MS);
    }
  }
}
