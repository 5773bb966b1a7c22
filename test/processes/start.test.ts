import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openLocalDatabase } from '../../src/connections/local-database.ts';
import { checkSqliteVersion } from '../../src/db/driver/node-sqlite.ts';
import { StartupError } from '../../src/startup-error.ts';
import { testConnection } from '../support/connection-settings.ts';
import { testFolder } from '../support/folder.ts';
import { databaseFile } from '../support/local-database.ts';
import { fixture, small, testPool, until, within } from '../support/pool.ts';

test('every pragma of the bootstrap is read back from the live processes', async () => {
  const { db } = await testPool();
  const [writer, reader] = db.status().processes;
  expect(writer?.pragmas).toEqual({
    busy_timeout: 50,
    journal_mode: 'wal',
    synchronous: 2, // FULL
    foreign_keys: 1,
    cache_size: -4 * 1024, // KiB
    temp_store: 2, // memory
    journal_size_limit: 16 * 2 ** 20,
    trusted_schema: 0,
  });
  expect(reader?.pragmas).toMatchObject({
    query_only: 1,
    cache_size: -4 * 1024,
    soft_heap_limit: 32 * 2 ** 20,
    hard_heap_limit: 48 * 2 ** 20,
  });
});

test('each process says which SQLite it has, and the one that writes has the fix of the WAL-reset bug', async () => {
  const { db } = await testPool();
  const [writer, reader] = db.status().processes;
  expect(writer?.sqlite).toBe(process.versions['sqlite']);
  expect(() => checkSqliteVersion(writer?.sqlite)).not.toThrow();
  expect(reader?.sqlite).toMatch(/^3\.\d+\.\d+$/);
});

test('a file that cannot be served refuses the start with its reason', async () => {
  const path = join(testFolder(), 'job.db');
  const opening = openLocalDatabase({
    path,
    maxReaders: 1,
    queueLimit: 1,
    callerLimit: 1,
    maxIdleMs: 1_000,
    tempDir: undefined,
    settings: testConnection(),
    growthMb: 72,
    log: { warn() {} },
  });
  await expect(opening).rejects.toBeInstanceOf(StartupError);
  expect(existsSync(path)).toBe(false);
});

test('a process that dies at its start fails the start of the service, and is not started for ever', async () => {
  await expect(testPool({ programs: { writer: fixture('child-that-dies-at-start') } })).rejects.toMatchObject({
    code: 'connection_lost',
  });
});

test('it counts as alive while its processes answer', async () => {
  const { db } = await testPool();
  expect(db.status().alive).toBe(true);
  for (const { pid } of db.status().processes) process.kill(pid, 'SIGSTOP');
  await until(() => !db.status().alive, 3_000);
  for (const { pid } of db.status().processes) process.kill(pid, 'SIGCONT');
  await until(() => db.status().alive, 3_000);
});

test('a process inherits no setting of the service: none of its keys', async () => {
  vi.stubEnv('JWT_PRIVATE_KEY', 'a key that is secret');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { db } = await testPool();
  for (const { pid } of db.status().processes) {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('secret');
  }
});

test('closing ends every process', async () => {
  const { db } = await testPool();
  await db.read(small(1), within(5_000));
  const pids = db.status().processes.map(({ pid }) => pid);
  await db.close(1_000);
  expect(pids.filter(isAlive)).toEqual([]);
});

// `npm run bench -- kill` measures how long they take.
test('no process outlives the service, however that ends', async () => {
  const path = await databaseFile();
  const parent = spawn(process.execPath, [fixture('service-with-processes'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pids: number[] = JSON.parse(String(line));
  expect(pids.filter(isAlive)).toEqual(pids);
  parent.kill('SIGKILL');
  await until(
    () => pids.filter(isAlive).length === 0,
    5_000,
    () => pids.filter(isAlive),
  );
});

const LIFELINE = join(import.meta.dirname, '../../src/processes/end-with-parent.ts');

/** A process that keeps its connection to the service, and then does this forever. */
function heldOn(then: string, env: Record<string, string> = {}) {
  const program = `require(${JSON.stringify(LIFELINE)}).endWithParent(); process.send('held', () => { ${then} })`;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ipc'],
    env,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended: once(child, 'exit').then(([code, signal]) => signal ?? code) };
}

test.each([
  ['its channel is closed', 'setInterval(() => {}, 1_000)', {}, (child: ChildProcess) => child.disconnect()],
  ['its pipe is closed while its thread hangs', 'for (;;);', { CC_JOBS_LIFELINE: 'pipe' }, closePipe],
])('a process ends when %s', async (_, then, env, cut) => {
  const { child, ended } = heldOn(then, env);
  await once(child, 'message');
  cut(child);
  expect(await ended).toBe('SIGKILL');
});

function closePipe(child: ChildProcess): void {
  (child.stdio[3] as Socket).destroy();
}

test('a process whose service had gone before it began ends at once', async () => {
  expect(await heldOn('setInterval(() => {}, 1_000)', { CC_JOBS_PARENT: '1' }).ended).toBe('SIGKILL');
});

test("a terminal's signals, which every process gets, leave them to the service", async () => {
  const { db } = await testPool({ maxReaders: 1 });
  const pids = () => db.status().processes.map(({ pid }) => pid);
  const before = pids();
  for (const pid of before) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
  expect(await db.read(small(1), within(20_000))).toEqual([{ answer: 1 }]);
  expect(await db.write('copyTags', { rows: [] }, within(20_000))).toEqual({ inserted: 0 });
  expect(pids()).toEqual(before);
});

/** A process that has ended and has not been reaped is a zombie, so it counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

test('an idle process that gives no sign of life is replaced before anybody has to wait for it', async () => {
  const { db, warnings } = await testPool();
  const pids = () => db.status().processes.map(({ pid }) => pid);
  const before = pids();
  for (const pid of before) process.kill(pid, 'SIGSTOP');
  await until(() => pids().length === 2 && pids().every((pid) => !before.includes(pid)), 10_000);
  // The parent learns of each end when the operating system reports it.
  await until(() => warnings.filter((message) => message === 'a process was killed').length === 2, 5_000);
  expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
});
