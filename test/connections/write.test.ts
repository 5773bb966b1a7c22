import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { WriterProtocol } from '../../src/connections/connection-protocol.ts';
import { PROGRAMS } from '../../src/connections/start-connection.ts';
import { newCounters } from '../../src/processes/counters.ts';
import { ManagedProcess } from '../../src/processes/managed-process.ts';
import { testConnection } from '../support/connection-settings.ts';
import { testFolder } from '../support/folder.ts';
import { databaseFile } from '../support/local-database.ts';
import { fixture, testPool, until, within } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';

const tag = (name: string) => ({ rows: [['demo', name, 'global', null]] });

async function tagNames(path: string): Promise<string[]> {
  const db = openSqlite(path, 1_000);
  try {
    const rows: { tag_name: string }[] = await (await db.prepare('SELECT tag_name FROM tag ORDER BY id')).all([]);
    return rows.map((row) => row.tag_name);
  } finally {
    db.close();
  }
}

test('a write is there for other connections once it is acknowledged', async () => {
  const { db, path } = await testPool();
  expect(await db.write('copyTags', tag('one'), within(5_000))).toEqual({ inserted: 1 });
  expect(await tagNames(path)).toEqual(['one']);
});

test('writes wait for each other and all happen', async () => {
  const { db, path } = await testPool();
  const names = Array.from({ length: 12 }, (_, number) => `tag ${number}`);
  await Promise.all(names.map((name) => db.write('copyTags', tag(name), within(20_000))));
  expect(await tagNames(path)).toEqual(names);
});

test('a lock that somebody else holds until the deadline is database_busy, and nothing happened', async () => {
  const { db, path } = await testPool();
  const other = openSqlite(path);
  await other.exec('BEGIN IMMEDIATE');
  await expect(db.write('copyTags', tag('late'), within(200))).rejects.toMatchObject({
    code: 'database_busy',
    status: 503,
  });
  await other.exec('ROLLBACK');
  other.close();
  expect(await db.write('copyTags', tag('next'), within(5_000))).toEqual({ inserted: 1 });
  expect(await tagNames(path)).toEqual(['next']);
});

/** A writer without the pool that gives it work. */
async function writerAlone() {
  const path = await databaseFile();
  const writer = new ManagedProcess<WriterProtocol>({
    ...{ role: 'writer', growthMb: 1_000, counters: newCounters(), log: () => {}, onState: () => {} },
    program: { file: PROGRAMS.writer, heapMb: 64, env: {} },
    open: { path, role: 'writer', isReplica: false, settings: testConnection() },
  });
  onTestFinished(() => writer.kill());
  await writer.ready;
  return { writer, path };
}

test('a write that is given up while it waits for the lock ends, and its writer writes on', async () => {
  const { writer, path } = await writerAlone();
  const other = openSqlite(path);
  await other.exec('BEGIN IMMEDIATE');
  const locked = Promise.withResolvers<void>();
  const writing = writer.run('write', { name: 'copyTags', input: tag('late') }, { onStep: () => locked.resolve() });
  await locked.promise;
  writer.abandon(new Error('given up'), 60_000);
  await expect(writing).rejects.toThrow('given up');
  await until(() => writer.state.name === 'idle', 1_000); // the other connection still holds the lock
  await other.exec('ROLLBACK');
  other.close();
  await writer.run('write', { name: 'copyTags', input: tag('next') }, { mayCommit: () => true });
  expect(await tagNames(path)).toEqual(['next']);
});

test('a write that is stopped before it asks to commit is rolled back, although its deadline has not passed', async () => {
  const { writer, path } = await writerAlone();
  const onStep = (step: string) => {
    if (step === 'began') writer.abandon(new Error('too much memory'), 60_000);
  };
  const writing = writer.run('write', { name: 'copyTags', input: tag('stopped') }, { onStep, mayCommit: () => true });
  await expect(writing).rejects.toThrow('too much memory');
  await until(() => writer.state.name === 'idle', 20_000);
  await writer.run('write', { name: 'copyTags', input: tag('next') }, { mayCommit: () => true });
  expect(await tagNames(path)).toEqual(['next']);
});

test('a lock held until the deadline is the fault of those that wait in the queue, too', async () => {
  const { db, path } = await testPool();
  const other = openSqlite(path);
  await other.exec('BEGIN IMMEDIATE');
  const limitsMs = [2_000, 300, 310, 400, 2_010];
  const codes = limitsMs.map((ms) => db.write('copyTags', tag('late'), within(ms)).catch(({ code }) => code));
  expect(await Promise.all(codes)).toEqual(limitsMs.map(() => 'database_busy'));
  await other.exec('ROLLBACK');
  other.close();
  expect(await db.write('copyTags', tag('next'), within(5_000))).toEqual({ inserted: 1 });
  const slow = db.write('copyTags', tag('slow'), within(0));
  await expect(slow).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('a lock that is given back in time only delays the write', async () => {
  const { db, path } = await testPool();
  const other = openSqlite(path);
  await other.exec('BEGIN IMMEDIATE');
  const writing = db.write('copyTags', tag('patient'), within(10_000));
  await until(() => db.status().processes.some(({ role, state }) => role === 'writer' && state === 'busy'), 1_000);
  await other.exec('COMMIT');
  other.close();
  expect(await writing).toEqual({ inserted: 1 });
  expect(await tagNames(path)).toEqual(['patient']);
});

test('a client that hangs up does not stop its write', async () => {
  const { db, path } = await testPool();
  const client = new AbortController();
  const writing = db.write('copyTags', tag('kept'), within(5_000, client.signal));
  client.abort();
  expect(await writing).toEqual({ inserted: 1 });
  expect(await tagNames(path)).toEqual(['kept']);
});

test('a write whose deadline passes while it runs is rolled back', async () => {
  const { db, path } = await testPool();
  const rows = Array.from({ length: 200_000 }, (_, number) => ['demo', `tag ${number}`, 'global', null]);
  await expect(db.write('copyTags', { rows }, within(150))).rejects.toMatchObject({ code: 'deadline_exceeded' });
  await db.write('copyTags', tag('after'), within(20_000));
  expect(await tagNames(path)).toEqual(['after']);
});

test('a write that fails is rolled back, and the writer writes on', async () => {
  const { db, path } = await testPool();
  const rows = [
    ['demo', 'good', 'global', null],
    ['demo', null, 'global', null], // skipped by IGNORE: NOT NULL
    ['demo', {} as never, 'global', null], // not a SQL value
  ];
  await expect(db.write('copyTags', { rows }, within(5_000))).rejects.toMatchObject({ code: 'internal' });
  await db.write('copyTags', tag('after'), within(5_000));
  expect(await tagNames(path)).toEqual(['after']);
});

test('a writer that dies between "yes, commit" and its answer leaves the outcome unknown', async () => {
  const { db } = await testPool({ programs: { writer: fixture('child-that-dies-committing') } });
  await expect(db.write('copyTags', tag('x'), within(5_000))).rejects.toMatchObject({
    code: 'outcome_unknown',
    status: 503,
  });
});

test('a write that never asks to commit is answered at its deadline and its writer killed', async () => {
  const { db } = await testPool({ programs: { writer: fixture('child-that-never-asks') } });
  await expect(db.write('copyTags', tag('x'), within(100))).rejects.toMatchObject({ code: 'deadline_exceeded' });
  await until(() => db.status().counters['kills'] === 1, 2_000);
});

test('a writer that dies before it asks has done nothing', async () => {
  const { db, path } = await testPool();
  const other = openSqlite(path);
  await other.exec('BEGIN IMMEDIATE');
  const writing = db.write('copyTags', tag('lost'), within(20_000));
  const writer = () => db.status().processes.find(({ role }) => role === 'writer');
  await until(() => writer()?.state === 'busy', 1_000);
  process.kill(writer()?.pid ?? 0, 'SIGKILL');
  await expect(writing).rejects.toMatchObject({ code: 'connection_lost' });
  await other.exec('ROLLBACK');
  other.close();
  await db.write('copyTags', tag('after'), within(20_000));
  expect(await tagNames(path)).toEqual(['after']);
});

test('two services on one file take turns', async () => {
  const path = join(testFolder(), 'job.db');
  const [one, two] = [await testPool({ path }), await testPool({ path })];
  const names = Array.from({ length: 10 }, (_, number) => `tag ${number}`);
  await Promise.all(
    names.map((name, number) => (number % 2 === 0 ? one : two).db.write('copyTags', tag(name), within(20_000))),
  );
  expect((await tagNames(path)).sort()).toEqual(names);
});

test('a write that is stopped for its memory has not happened', async () => {
  const { db, path } = await testPool({ growthMb: 2 });
  const rows = Array.from({ length: 3_000 }, (_, number) => ['demo', `${number} ${'x'.repeat(1_000)}`, 'global', null]);
  const outcome = await db.write('copyTags', { rows }, within(20_000)).then(
    () => 'written',
    (fault: { code: string }) => fault.code,
  );
  // The write is over, whatever happened to the writer.
  await db.write('copyTags', tag('after'), within(20_000)).catch(() => {});
  const stored = (await tagNames(path)).filter((name) => name !== 'after').length;
  expect([outcome, stored]).toEqual(outcome === 'written' ? ['written', 3_000] : ['memory_limit_exceeded', 0]);
});

test('a commit that does not end is given up after five seconds: nobody knows what became of it', async () => {
  const { db } = await testPool({ programs: { writer: fixture('child-that-never-commits') } });
  const startedAt = performance.now();
  const writing = db.write('insertJobs', { rows: [], tags: [] }, within(500));
  await expect(writing).rejects.toMatchObject({ code: 'outcome_unknown' });
  const tookMs = performance.now() - startedAt;
  expect(tookMs).toBeGreaterThan(4_500);
  expect(db.status().counters).toMatchObject({ kills: 1 });
});
