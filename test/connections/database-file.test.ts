import { copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { DatabaseFile } from '../../src/connections/database-file.ts';
import { HOUSEKEEPING_MS } from '../../src/connections/start-connection.ts';
import { databaseFile } from '../support/local-database.ts';
import { small, testPool, until, within } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';

/** The last program that closes a file deletes its log. */
const logMb = (path: string) => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20;

/**
 * A transaction that leaves about 80 MB in the log. An automatic checkpoint cannot empty it because of an open read.
 */
async function fillLog(path: string): Promise<void> {
  const reader = openSqlite(path);
  await reader.exec('BEGIN');
  await (await reader.prepare('SELECT count(*) FROM tag')).all([]);
  const writer = openSqlite(path, 1_000);
  await writer.exec('CREATE TABLE filler (x BLOB); INSERT INTO filler VALUES (zeroblob(80000000)); DROP TABLE filler');
  writer.close();
  await reader.exec('COMMIT');
  onTestFinished(() => reader.close()); // keeps the log
}

/** Resolves after the service has checked the file again. */
async function looked(path: string): Promise<void> {
  const seen = statSync(`${path}-wal`).ino;
  expect(seen).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 3 * HOUSEKEEPING_MS));
}

test('a log that has grown is emptied, also behind a read that began before the last write', async () => {
  const { db, path } = await testPool();
  await fillLog(path);
  expect(logMb(path)).toBeGreaterThan(64);
  await until(() => logMb(path) === 0, 45_000); // an attempt during the filling is repeated after 30 s
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
});

test('a log that cannot be emptied is told once in a while, not four times a second', async () => {
  const path = await databaseFile();
  await fillLog(path);
  const warnings: string[] = [];
  let tries = 0;
  const file = new DatabaseFile({
    path,
    log: { warn: (_, message) => warnings.push(message) },
    emptyLog: async () => {
      tries += 1;
      return { busy: 1 };
    },
  });
  for (let at = 0; at < 5; at += 1) file.look([1]);
  await new Promise((resolve) => setImmediate(resolve));
  expect([tries, warnings]).toEqual([1, ['slow reads prevent emptying the WAL']]);
});

test('closing leaves all that was written in the file itself', async () => {
  const { db, path } = await testPool();
  await db.write('copyTags', { rows: [['type', 'kept', 'global']] }, within(5_000));
  await db.close(1_000);
  expect(logMb(path)).toBe(0);
});

test.each(['replaced', 'removed'])('a file that is %s while it is served is served no more', async (how) => {
  const { db, path, warnings } = await testPool();
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  if (how === 'removed') rmSync(path);
  else {
    copyFileSync(path, `${path}.restored`);
    renameSync(`${path}.restored`, path);
  }
  await until(() => !db.status().alive, 3_000);
  const reason =
    'the database file was replaced or removed while the service was running: put it back or restore a backup if it is missing, then restart the service';
  expect(warnings).toContain(reason);
  expect(db.status().notAliveBecause).toBe(reason);
  for (const asked of [db.read(small(1), within(5_000)), db.write('copyTags', { rows: [] }, within(5_000))]) {
    await expect(asked).rejects.toMatchObject({ code: 'connection_lost' });
  }
});

test.each(['-wal', '-shm'])(
  'a log whose %s is removed is noticed, and what was acknowledged is in the file',
  async (end) => {
    const { db, path, warnings } = await testPool();
    await db.write('copyTags', { rows: [['type', 'kept', 'global']] }, within(5_000));
    await looked(path);
    rmSync(path + end);
    await until(() => !db.status().alive, 5_000);
    expect(warnings.join()).toContain('was removed while the service was running: restart the service');
    await expect(db.write('copyTags', { rows: [] }, within(5_000))).rejects.toMatchObject({ code: 'connection_lost' });
    await expect(db.read(small(1), within(5_000))).rejects.toMatchObject({ code: 'connection_lost' });
    await db.close(2_000);
    const again = openSqlite(path);
    onTestFinished(() => again.close());
    expect(again.prepare('SELECT tag_name FROM tag').all()).toEqual([{ tag_name: 'kept' }]);
  },
);

test('another log is a loss only where a process has had the file open all the time', async () => {
  const path = await databaseFile();
  const other = openSqlite(path);
  onTestFinished(() => other.close());
  await other.exec('CREATE TABLE kept (x)'); // creates a log
  const file = new DatabaseFile({ path, log: { warn: () => {} }, emptyLog: async () => ({ busy: 0 }) });
  const replaceLog = () => {
    copyFileSync(`${path}-wal`, `${path}-copy`);
    renameSync(`${path}-copy`, `${path}-wal`);
  };
  file.look([1, 2]);
  replaceLog();
  file.look([3, 4]); // all processes were killed at once, and new ones have started
  expect(file.lost).toBeUndefined();
  replaceLog();
  file.look([4, 5]);
  expect(file.lost).toContain('was removed');
});
