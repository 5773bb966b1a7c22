/** The effect on an index of changes to its file or to the database file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NewIndex } from '../../src/column-index/build/build-index.ts';
import { declinedOr } from '../../src/column-index/index-errors.ts';
import { IndexSession } from '../../src/column-index/index-session.ts';
import { Interruptible } from '../../src/column-index/interruptible-call.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { ALL, answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { openSqlite } from '../support/sqlite.ts';

const COUNT: Question = { kind: 'count', jobs: ALL };
/** Another SHORT_JOB_S than that of the summaries, so that the answer reads the jobs. */
const STATISTICS: Question = { kind: 'statistics', jobs: ALL, nowSec: 10_000, shortJobSec: 299 };

async function database(last = 3) {
  const folder = testFolder();
  const databasePath = join(folder, 'job.db');
  await migrate(databasePath);
  const db = openSqlite(databasePath, 1_000);
  onTestFinished(() => db.close());
  await db.exec(jobs(1, last));
  return {
    db,
    of: {
      databasePath,
      path: `${databasePath}.columns`,
      memoryMb: 128,
      tempDir: folder,
      spillMb: 64,
      shortJobSec: 300,
    },
  };
}

async function built(of: Awaited<ReturnType<typeof database>>['of']) {
  const index = await builtIndex(of);
  onTestFinished(() => index.close());
  return index;
}

test('it answers nothing once another file has taken the place of the database', async () => {
  const { of } = await database();
  const index = await built(of);
  expect(await answerOf(index, COUNT)).toEqual([{ count: 3 }]);
  copyFileSync(of.databasePath, `${of.databasePath}.restored`);
  renameSync(`${of.databasePath}.restored`, of.databasePath);
  await expect(index.ask(COUNT)).rejects.toThrow('another file has taken the place of the database');
});

test('a damaged block makes it outdated', async () => {
  const { of } = await database(20_000);
  (await builtIndex(of)).close();
  const file = openSync(of.path, 'r+');
  // Three headers are followed by blocks of 256 KiB. The first block describes the index.
  for (let at = 12_288 + 262_144; at < statSync(of.path).size; at += 262_144) {
    writeSync(file, Buffer.alloc(4_096, 0xff), 0, 4_096, at + 4_096);
  }
  closeSync(file);
  const index = await IndexSession.open({ ...of, fresh: false });
  onTestFinished(() => index.close());
  expect(await declinedOr(() => index.ask(STATISTICS).then(() => ({})))).toEqual({
    declined: 'stale',
    reason: expect.stringContaining('Corrupt database file'),
  });
});

test('a build whose record of changes is lost meanwhile is no index', async () => {
  const { db, of } = await database();
  const building = (await NewIndex.open(of)).build(() => void db.exec('DELETE FROM ccjobs_changes'));
  await expect(building).rejects.toThrow('more jobs have changed during the build than the record holds');
  expect(existsSync(of.path)).toBe(false);
});

test('the log of an index before is not taken for one of the new file', async () => {
  const { db, of } = await database();
  const [log, kept] = [`${of.path}.wal`, join(of.tempDir, 'kept.wal')];
  const before = await builtIndex(of);
  await db.exec(jobs(4, 4));
  expect(await answerOf(before, COUNT)).toEqual([{ count: 4 }]);
  copyFileSync(log, kept);
  before.close(); // deletes its log
  renameSync(kept, log); // as after a crash
  expect(await answerOf(await built(of), COUNT)).toEqual([{ count: 4 }]);
});

test('a build leaves alone what another service builds', async () => {
  const { of } = await database();
  const path = `${of.path}.new`;
  const program = `import('@duckdb/node-api').then(({ DuckDBInstance }) => DuckDBInstance.create(process.argv[1]))
    .then((file) => { globalThis.held = file; process.send('open'); setInterval(() => {}, 1_000); })`;
  const other = spawn(process.execPath, ['-e', program, path], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void other.kill('SIGKILL'));
  await once(other, 'message');
  const { ino } = statSync(path);
  await expect((await NewIndex.open(of)).build(() => {})).rejects.toThrow(/lock/);
  expect(statSync(path).ino).toBe(ino);
});

/** A call that has brought the index up to date, and reads it only when it is released. */
class HeldCall extends Interruptible {
  readonly isFollowed = Promise.withResolvers<void>();
  readonly release = Promise.withResolvers<void>();
  #uses = 0;

  override async on<Result>(...[connection, work]: Parameters<typeof Interruptible.prototype.on<Result>>) {
    this.#uses += 1;
    if (this.#uses > 1) {
      this.isFollowed.resolve();
      await this.release.promise;
    }
    return await super.on(connection, work);
  }
}

test('a question is answered while another is read, and an interrupt ends one of them', async () => {
  const { db, of } = await database();
  const index = await built(of);
  const calls = [new HeldCall(), new HeldCall()] as const;
  const [kept, stopped] = calls.map((call) => index.ask(STATISTICS, call));
  await Promise.all(calls.map(({ isFollowed }) => isFollowed.promise));
  await db.exec(jobs(4, 5));
  expect(await answerOf(index, COUNT)).toEqual([{ count: 5 }]);
  calls[1].interrupt();
  for (const { release } of calls) release.resolve();
  await expect(stopped).rejects.toThrow(/abort/i);
  expect(String(await kept)).toContain('"5"'); // as of its time or later
});

test('a call that waits while another brings the index up to date ends at its interrupt', async () => {
  const { db, of } = await database();
  const index = await built(of);
  await db.exec(jobs(4, 20_000));
  const call = new Interruptible();
  const [first, second] = [index.ask(COUNT), index.ask(COUNT, call)];
  call.interrupt();
  await expect(second).rejects.toThrow(/abort/i);
  expect(String(await first)).toContain('20000');
  expect(await answerOf(index, COUNT)).toEqual([{ count: 20_000 }]);
});

test('a question is left to the SQL if a job that the index cannot hold appears while it is read', async () => {
  const { db, of } = await database();
  const index = await built(of);
  const call = new HeldCall();
  const held = index.ask(COUNT, call);
  await call.isFollowed.promise;
  await db.exec("UPDATE job SET hpc_user = 'a' || char(0) WHERE id = 1"); // a NUL is odd
  expect(await index.follow()).toBe(2);
  call.release.resolve();
  expect(await held).toBeUndefined();
});

test('a question is left to the SQL if a job moves to the table of wide jobs while it is read', async () => {
  const { db, of } = await database();
  const index = await built(of);
  const call = new HeldCall();
  const held = index.ask(COUNT, call);
  await call.isFollowed.promise;
  await db.exec('UPDATE job SET duration = 1099511627776 WHERE id = 1');
  expect(await index.follow()).toBe(3);
  call.release.resolve();
  expect(await held).toBeUndefined();
  expect(await answerOf(index, COUNT)).toEqual([{ count: 3 }]);
});
