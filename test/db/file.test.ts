import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JOB_COLUMNS } from '../../src/db/job-rows.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { BASE } from '../../src/db/schema/migration-files.ts';
import { checkFile } from '../../src/db/schema/schema-check.ts';
import { StartupError } from '../../src/startup-error.ts';
import { testFolder } from '../support/folder.ts';
import { databaseFile } from '../support/local-database.ts';
import { makeCcBackendFile } from '../support/sql.ts';
import { openSqlite } from '../support/sqlite.ts';

const MIGRATIONS = readdirSync(join(import.meta.dirname, '../../migrations')).sort();

/** A new database without side files, changed by some SQL. */
async function databaseWith(sql = ''): Promise<string> {
  const path = await databaseFile();
  const db = openSqlite(path, 1_000);
  if (sql !== '') await db.exec(sql);
  await db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return path;
}

/** Expects a refusal with this message and an unchanged folder. */
async function refused(path: string, words: RegExp): Promise<void> {
  const folder = join(path, '..');
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
  await expect(checkFile(path)).rejects.toThrow(words);
  await expect(checkFile(path)).rejects.toBeInstanceOf(StartupError);
  expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')])).toEqual(
    before,
  );
}

test('a new file is accepted', async () => {
  await expect(checkFile(await databaseWith())).resolves.toBeUndefined();
});

test.each([
  ['an older schema', 'UPDATE schema_migrations SET version = 10', /schema version 10.*cc-backend -migrate-db/],
  ['a newer schema', 'UPDATE schema_migrations SET version = 12', /schema version 12.*update cc-jobs/],
  ['a dirty schema', 'UPDATE schema_migrations SET dirty = 1', /failed halfway.*-force-db/],
  ['no version', 'DELETE FROM schema_migrations', /no schema version/],
  ['another purpose', 'DROP TABLE schema_migrations', /not a job database/],
])('a database with %s is refused, untouched', async (_what, sql, words) => {
  await refused(await databaseWith(sql), words);
});

test.each([
  ['text', 'this is no database, but it is long enough to have a header'],
  ['much text', 'this is no database, and has its pages. '.repeat(500)],
  ['nothing', ''],
])('a file of %s is refused, untouched', async (_what, content) => {
  const path = join(testFolder(), 'job.db');
  writeFileSync(path, content);
  await refused(path, /not an SQLite database/);
});

test('a file cut in the middle is refused, untouched', async () => {
  const path = await databaseWith();
  writeFileSync(path, readFileSync(path).subarray(0, 5_000));
  await refused(path, /is damaged: restore a backup/);
});

test('a folder in the place of the file is refused', async () => {
  const path = join(testFolder(), 'job.db');
  mkdirSync(path);
  await expect(checkFile(path)).rejects.toThrow(/not a regular file|cannot be read/);
});

test('a missing file names the commands that make one', async () => {
  await expect(checkFile(join(testFolder(), 'job.db'))).rejects.toThrow(/no such file.*migrate.*demo/);
});

test('a missing folder is named', async () => {
  await expect(checkFile(join(testFolder(), 'nowhere', 'job.db'))).rejects.toThrow(
    /directory of the database does not exist/,
  );
});

test('a read-only file is refused, also to the superuser', async () => {
  const path = await databaseWith();
  chmodSync(path, 0o444);
  await refused(path, /: read-only/);
});

test('a version that stands in the log alone counts', async () => {
  const path = await databaseWith();
  const copy = join(testFolder(), 'job.db');
  const db = openSqlite(path, 1_000);
  await db.exec('UPDATE schema_migrations SET version = 12');
  for (const suffix of ['', '-wal', '-shm']) copyFileSync(path + suffix, copy + suffix);
  db.close();
  await expect(checkFile(copy)).rejects.toThrow(/schema version 12/);
});

test('two migrations at once make one file', async () => {
  const path = join(testFolder(), 'new', 'job.db');
  const results = await Promise.all([migrate(path), migrate(path), migrate(path)]);
  expect(results.flatMap(({ applied }) => applied)).toEqual(MIGRATIONS);
  await expect(checkFile(path)).resolves.toBeUndefined();
});

test('a file of cc-backend keeps its indexes, and gets nothing but tables of ours', async () => {
  const path = join(testFolder(), 'job.db');
  await makeCcBackendFile(path);
  const db = openSqlite(path);
  const names = async () =>
    (await (await db.prepare('SELECT name FROM sqlite_schema ORDER BY name')).all([])).map(
      (row: { name: string }) => row.name,
    );
  const before = await names();
  const ours = MIGRATIONS.filter((name) => !BASE.includes(name)); // the others create what cc-backend has created
  expect(await migrate(path)).toEqual({ made: false, applied: ours });
  const added = (await names()).filter((name: string) => !before.includes(name));
  expect(added.filter((name: string) => !/^(sqlite_autoindex_)?ccjobs_/.test(name))).toEqual([]);
  expect(added).toContain('ccjobs_migrations');
  expect(await migrate(path)).toEqual({ made: false, applied: [] });
  db.close();
});

test('a new file has the objects of schema 11, to the letter of its columns', async () => {
  const path = await databaseWith();
  const db = openSqlite(path);
  const columns = async (table: string) =>
    (await (await db.prepare(`SELECT name FROM pragma_table_info('${table}')`)).all([])).map(
      (row: { name: string }) => row.name,
    );
  expect((await columns('job')).sort()).toEqual(['id', ...JOB_COLUMNS].sort());
  expect(await columns('job_cache')).toEqual(await columns('job'));
  expect(await columns('node_state')).toEqual(
    'id time_stamp jobs_running cpus_allocated memory_allocated gpus_allocated node_state health_state health_metrics node_id'.split(
      ' ',
    ),
  );
  const check = await (await db.prepare('PRAGMA integrity_check')).all([]);
  expect(check).toEqual([{ integrity_check: 'ok' }]);
  db.close();
});

test('a folder on a read-only file system is refused', async () => {
  // /proc is read-only on every Linux, also for root. Elsewhere the read-only file above covers this.
  if (process.platform !== 'linux') return;
  expect(() => execFileSync('touch', ['/proc/job.db'], { stdio: 'ignore' })).toThrow();
  await expect(checkFile('/proc/version')).rejects.toThrow(StartupError);
});
