import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Environment, migrated, OPEN, run } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { openSqlite } from '../support/sqlite.ts';

describe('serve refuses to start, with 2, says what to do and leaves all as it is', () => {
  /** Runs serve after `prepare`, and compares the folder before and after. */
  async function refusal(cwd: string, env: Environment = {}) {
    const before = snapshot(cwd);
    const { code, stdout, stderr } = await run(cwd, ['serve'], { ...OPEN, ...env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(snapshot(cwd)).toEqual(before);
    return stderr;
  }

  const database = (cwd: string) => join(cwd, 'var/job.db');
  async function change(cwd: string, sql: string) {
    const db = openSqlite(database(cwd));
    await db.exec(`PRAGMA journal_mode = DELETE; ${sql}`);
    db.close();
  }

  test('without a folder', async () => {
    const stderr = await refusal(await migrated(), { DB_URL: 'file:./nowhere/job.db' });
    expect(stderr).toMatch(/the directory of the database does not exist: create it, or correct DB_URL/);
  });

  test('without a file', async () => {
    const cwd = await migrated();
    rmSync(database(cwd));
    expect(await refusal(cwd)).toMatch(
      /no such file\. Create a database with 'cc-jobs migrate', or try 'cc-jobs demo'/,
    );
  });

  test.each([
    ['text', 'these are no jobs\n'.repeat(100)],
    ['nothing', ''],
  ])('on a file that holds %s', async (_, text) => {
    const cwd = await migrated();
    writeFileSync(database(cwd), text);
    expect(await refusal(cwd)).toMatch(/not an SQLite database: correct DB_URL/);
  });

  test('on a database of something else', async () => {
    const cwd = await migrated();
    await change(cwd, 'DROP TABLE schema_migrations');
    expect(await refusal(cwd)).toMatch(/not a job database .*correct DB_URL/);
  });

  test.each([
    [10, /schema version 10, but cc-jobs requires version 11: update it with 'cc-backend -migrate-db'/],
    [12, /schema version 12, but cc-jobs requires version 11: .*update cc-jobs/],
  ])('on schema version %i', async (version, message) => {
    const cwd = await migrated();
    await change(cwd, `UPDATE schema_migrations SET version = ${version}`);
    expect(await refusal(cwd)).toMatch(message);
  });

  test('on a database whose migration failed', async () => {
    const cwd = await migrated();
    await change(cwd, 'UPDATE schema_migrations SET dirty = 1');
    expect(await refusal(cwd)).toMatch(/dirty.*Repair it or restore a backup/);
  });

  test('on a table of jobs that lacks a column', async () => {
    const cwd = await migrated();
    await change(cwd, 'ALTER TABLE job DROP COLUMN energy');
    expect(await refusal(cwd)).toMatch(/but table job lacks energy: it is not a database of cc-backend/);
  });

  test('on a read-only file', async () => {
    const cwd = await migrated();
    chmodSync(database(cwd), 0o444);
    expect(await refusal(cwd)).toMatch(/: read-only: make the file and its directory writable/);
  });

  test('on a folder that is no archive', async () => {
    const cwd = await migrated();
    mkdirSync(join(cwd, 'other'));
    writeFileSync(join(cwd, 'other/thing'), '');
    expect(await refusal(cwd, { ARCHIVE_PATH: './other' })).toMatch(/is not a job archive .*: check ARCHIVE_PATH/);
  });

  test('without an archive', async () => {
    const env = { ARCHIVE_PATH: './nowhere' };
    expect(await refusal(await migrated(), env)).toMatch(/nowhere does not exist: 'cc-jobs migrate' creates it/);
  });

  test('with a folder that is no archive as target of old jobs', async () => {
    const cwd = await migrated();
    mkdirSync(join(cwd, 'old'));
    const move = { ARCHIVE_RETENTION: 'move', ARCHIVE_RETENTION_D: '365', ARCHIVE_RETENTION_PATH: './old' };
    expect(await refusal(cwd, move)).toMatch(/old is not a job archive, or its file system is not mounted/);
  });

  test('with bad settings, all named', async () => {
    const stderr = await refusal(testFolder(), { PORT: 'http', AUTH: 'maybe', DB_QUEUE_LIMIT: '' });
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/cc-jobs: PORT must be/);
  });

  test('with limits that do not fit together', async () => {
    expect(await refusal(testFolder(), { DB_MEMORY_LIMIT_MB: '128' })).toMatch(
      /DB_MEMORY_LIMIT_MB 128 is too small: .* = \d+ MB/,
    );
  });

  test.each([
    ['is missing', '/nonexistent'],
    ['is a file', '/etc/passwd'],
  ])('with a DB_TEMP_DIR that %s', async (_, DB_TEMP_DIR) => {
    expect(await refusal(await migrated(), { DB_TEMP_DIR })).toMatch(/DB_TEMP_DIR \S+ is not a directory: create it/);
  });

  test('without a public key', async () => {
    expect(await refusal(testFolder(), { AUTH: 'jwt' })).toMatch(/JWT_PUBLIC_KEY is missing: .*'cc-jobs keys'/);
  });

  test('on a file that another program has locked, at once and in one line', async () => {
    const cwd = await migrated();
    const other = openSqlite(database(cwd));
    await other.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    // Does not read the files: closing a file here would release the locks of this process on it (fcntl).
    const { code, stderr } = await run(cwd, ['serve'], OPEN);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /another program has locked the database: try again when that program has finished/,
      ),
    });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    await other.exec('ROLLBACK');
    other.close();
  });

  test('on a pipe', async () => {
    const cwd = await migrated();
    rmSync(database(cwd));
    execFileSync('mkfifo', [database(cwd)]);
    const { code, stderr } = await run(cwd, ['serve'], OPEN);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/not a regular file: correct DB_URL/) });
  });

  test('on a port in use', async () => {
    const cwd = await migrated();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await refusal(cwd, { PORT: port })).toMatch(
      new RegExp(`PORT ${port} is in use: set another PORT, or stop the program that uses it`),
    );
  });
});

/** All files below a folder with their bytes. */
function snapshot(root: string): [string, string][] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path).toString('base64')];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
