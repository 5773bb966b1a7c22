/** A replica of a real libSQL server: what its readers see, also after a process or the server has died. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import type { SyncStatus } from '../../src/system-state-types.ts';
import { testFolder } from '../support/folder.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { databaseFile } from '../support/local-database.ts';
import { oneJob } from '../support/one-job.ts';
import { asked, testReplica, within } from '../support/pool.ts';
import { serverOnSmallDisk } from '../support/small-disk.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const count = async (db: Database) => (await db.read(countJobs(ALL), within(10_000)))[0]?.count;
const insert = (db: Database, jobId: bigint) =>
  db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(60_000));
/** One value. */
const value = (expression: string) =>
  asked(`SELECT CAST(json_array(json_object('answer', (${expression}))) AS BLOB) AS json`);
const sync = (db: Database) => db.status().replica as SyncStatus;
const syncer = (db: Database) => db.status().processes.find(({ role }) => role === 'syncer')?.pid ?? 0;

async function server() {
  const started = await libsqlServer();
  await migrateRemote({ url: started.url });
  return started;
}

test('a write is seen by the next read of the same node, and soon by that of another', async () => {
  const { url } = await server();
  const [{ db: one }, { db: other }] = [await testReplica(url, { intervalMs: 10_000 }), await testReplica(url)];
  for (let jobId = 1; jobId <= 60; jobId++) {
    await insert(one, BigInt(jobId));
    expect(await count(one)).toBe(jobId);
  }
  await expect.poll(() => count(other)).toBe(60);
  await expect.poll(() => sync(other).lagMs).toBeLessThan(2_000);
});

test('many writers at once each see their own', async () => {
  const { url } = await server();
  const { db } = await testReplica(url, { intervalMs: 10_000 });
  const missed: bigint[] = [];
  const writer = async (first: bigint) => {
    for (let jobId = first; jobId < first + 15n; jobId++) {
      await insert(db, jobId);
      const found = await db.read(value(`${jobId} IN (SELECT job_id FROM job)`), within(60_000));
      if (JSON.stringify(found) !== '[{"answer":1}]') missed.push(jobId);
    }
  };
  await Promise.all([100n, 200n, 300n, 400n].map(writer));
  expect(missed).toEqual([]);
});

test('a server that cannot write makes the service degraded; its reads go on', async () => {
  const small = await serverOnSmallDisk();
  const { db } = await testReplica(small.url);
  await insert(db, 1n);
  small.fill();
  await expect(insert(db, 2n)).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(db.status()).toMatchObject({ alive: true, degraded: ['the libSQL server cannot write (SQLITE_IOERR)'] });
  expect(await count(db)).toBe(1);
  small.makeRoom();
  await insert(db, 3n);
  expect(db.status().degraded).toEqual([]);
  expect(await count(db)).toBe(2);
});

test('a sync that fails while the server compacts its log is tried again long before the interval', async () => {
  const compacting = await libsqlServer(['--max-log-size', '1']); // MB
  await migrateRemote({ url: compacting.url });
  const { db, warnings } = await testReplica(compacting.url, { intervalMs: 120_000, mostLagMs: 240_000 });
  const metaData = { b: 'x'.repeat(3_000_000) };
  const failedWith = new Set<string>();
  for (let jobId = 1; jobId <= 8; jobId++) {
    const writing = db.write('insertJobs', { rows: [oneJob({ jobId, metaData })], tags: [] }, within(20_000));
    const looking = setInterval(() => failedWith.add(sync(db).failing ?? ''), 5);
    await writing.finally(() => clearInterval(looking));
    await expect.poll(() => count(db)).toBe(jobId); // before the interval ends
  }
  await expect.poll(() => sync(db).failing).toBeUndefined(); // a sync may fail after the row has arrived
  expect([...failedWith]).toContain(
    'the libSQL server of DB_SYNC_URL is compacting its log, and has no snapshot of it yet',
  );
  expect(warnings).toContain('the replica could not be synchronized');
}, 90_000);

test('readers cannot write to the file', async () => {
  const { url } = await server();
  const { db } = await testReplica(url);
  const writing = db.read(
    asked("INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES ('a', 'b', 'c') RETURNING 1 AS answer"),
    within(5_000),
  );
  await expect(writing).rejects.toMatchObject({ code: expect.stringMatching(/internal|read_only/) });
  const [reader] = db.status().processes.filter(({ role }) => role === 'reader');
  expect(reader?.pragmas).toMatchObject({ query_only: 1, soft_heap_limit: 32 * 2 ** 20 });
});

test('the server gone: reads go on until the replica is too old, then are refused with the reason; and go on with its return', async () => {
  const folder = join(testFolder(), 'sqld');
  const first = await startLibsqlServer({ folder });
  await migrateRemote({ url: first.url });
  const { db } = await testReplica(first.url, { mostLagMs: 6_000 });
  await insert(db, 1n);
  await first.kill();
  expect(await count(db)).toBe(1);
  await expect(insert(db, 2n)).rejects.toMatchObject({ code: 'remote_unavailable' });
  expect(db.status().alive).toBe(true);
  await expect.poll(() => count(db).catch((error) => error.code), { interval: 200 }).toBe('remote_unavailable');
  await expect(count(db)).rejects.toMatchObject({
    message: expect.stringMatching(/^the replica is \d+ s behind its server$/),
  });
  expect(db.status()).toMatchObject({ alive: false, notAliveBecause: expect.stringContaining('s behind its server') });
  const second = await startLibsqlServer({ folder, port: Number(new URL(first.url).port) });
  onTestFinished(() => second.kill());
  await expect.poll(() => count(db).catch(() => -1), { interval: 50 }).toBe(1);
  await insert(db, 3n);
  expect(await count(db)).toBe(2);
});

test('the syncer killed: another takes its place when it has gone, and nothing is lost', async () => {
  const { url } = await server();
  // A process has to start within the time that a write waits for its own effect.
  const { db, path } = await testReplica(url, { ownWriteLimitMs: 25_000, mostLagMs: 60_000 });
  for (let round = 1; round <= 6; round++) {
    const pid = syncer(db);
    const writing = insert(db, BigInt(round));
    process.kill(pid, 'SIGKILL');
    await writing;
    expect(await count(db)).toBe(round); // its own write, although the process was restarted
    await expect.poll(() => [pid, 0].includes(syncer(db))).toBe(false);
    await expect.poll(() => count(db)).toBe(round);
  }
  const [check] = await db.read(value('SELECT quick_check FROM pragma_quick_check'), within(10_000));
  expect(check).toEqual({ answer: 'ok' });
  expect(path).toMatch(/replica\.db$/);
});

test('a server that hangs is no reason to wait: reads go on, and its syncer is replaced', async () => {
  const { url, pid } = await server();
  const { db } = await testReplica(url, { mostLagMs: 3_000 });
  await insert(db, 1n);
  process.kill(pid, 'SIGSTOP');
  try {
    expect(await count(db)).toBe(1);
    await expect.poll(() => count(db).catch((error) => error.code), { interval: 50 }).toBe('remote_unavailable');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect.poll(() => count(db).catch(() => -1), { interval: 50 }).toBe(1);
});

test('two services cannot have one file, and the second leaves the first as it is', async () => {
  const { url } = await server();
  const { db, path } = await testReplica(url);
  await expect(testReplica(url, { path })).rejects.toMatchObject({
    message: expect.stringContaining('another service uses this replica'),
  });
  await insert(db, 1n);
  expect(await count(db)).toBe(1);
});

test('a replica that is not whole is refused, with what to do', async () => {
  const { url } = await server();
  const { db, path } = await testReplica(url);
  await insert(db, 1n);
  await db.close(500);
  rmSync(`${path}-client_wal_index`);
  await expect(testReplica(url, { path })).rejects.toMatchObject({
    message: expect.stringContaining('delete the file with its -wal'),
  });
  for (const end of ['', '-wal', '-shm', '-client_wal_index', '.lock']) rmSync(`${path}${end}`, { force: true });
  expect(await count((await testReplica(url, { path })).db)).toBe(1);
});

test('a file that is no replica is left as it is, and nobody is told to delete it', async () => {
  const { url } = await server();
  const path = await databaseFile();
  const before = readFileSync(path);
  await expect(testReplica(url, { path })).rejects.toMatchObject({
    message: expect.stringContaining('is not a replica: set DB_URL to a new file'),
  });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('what the server has lost is not served as if it were there', async () => {
  const folder = join(testFolder(), 'sqld');
  const first = await startLibsqlServer({ folder });
  await migrateRemote({ url: first.url });
  const { db } = await testReplica(first.url, { mostLagMs: 2_000 });
  await insert(db, 1n);
  await first.kill();
  const empty = await startLibsqlServer({ folder: join(testFolder(), 'empty'), port: Number(new URL(first.url).port) });
  onTestFinished(() => empty.kill());
  expect((await createClient({ url: empty.url }).execute('SELECT 1')).rows).toHaveLength(1);
  await expect.poll(() => count(db).catch((error) => error.message), { interval: 100 }).toMatch(/behind its server/);
});
