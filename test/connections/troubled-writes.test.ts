/** Each reason that prevents a write has its own fault, leaves nothing half done, and needs no restart to recover. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { fixture, small, testPool, until, within } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';

const AN_HOUR_MS = 3_600_000;

const tag = (name: string) => ({ rows: [['type', name, 'global']] });
const write = (db: Database, name: string, ms = 5_000) => db.write('copyTags', tag(name), within(ms));
const codeOf = (writing: Promise<unknown>) =>
  writing.then(
    () => 'done',
    ({ code }) => code as string,
  );

async function tags(path: string): Promise<string[]> {
  const driver = openSqlite(path, 1_000);
  const rows = await (await driver.prepare('SELECT tag_name AS name FROM tag ORDER BY id')).all([]);
  driver.close();
  return rows.map(({ name }: { name: string }) => name);
}

describe('a file that has become read-only', () => {
  test('is read on, refuses writes by its name at once, and takes them again when it is writable', async () => {
    const { db, path } = await testPool();
    await write(db, 'before');
    chmodSync(path, 0o444);
    const writer = db.status().processes.find(({ role }) => role === 'writer');
    process.kill(writer?.pid ?? 0, 'SIGKILL'); // a writer that has the file open could still write to it
    await until(() => db.status().processes.every(({ pid }) => pid !== writer?.pid), 5_000);
    // Refused at once: the deadline is much longer than the test.
    expect(await codeOf(write(db, 'refused', AN_HOUR_MS))).toBe('read_only');
    expect(await codeOf(write(db, 'refused', AN_HOUR_MS))).toBe('read_only');
    expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
    chmodSync(path, 0o644);
    await until(() => db.status().processes.some(({ role, state }) => role === 'writer' && state === 'idle'), 10_000);
    await write(db, 'after');
    expect(await tags(path)).toEqual(['before', 'after']);
  });
});

describe('a full disk', () => {
  test('is disk_full, leaves nothing half done, and passes', async () => {
    const { db, path } = await testPool({ programs: { writer: fixture('child-on-a-small-disk') } });
    const many = { rows: Array.from({ length: 3_000 }, (_, nth) => ['type', `${nth} ${'x'.repeat(200)}`, 'global']) };
    expect(await codeOf(db.write('copyTags', many, within(10_000)))).toBe('disk_full');
    expect(await tags(path)).toEqual([]);
    expect(db.status().degraded).toEqual(['writes fail: no space left for the database']);
    expect(await codeOf(write(db, 'small enough'))).toBe('done');
    expect(db.status().degraded).toEqual([]);
    expect(await codeOf(db.write('copyTags', many, within(10_000)))).toBe('disk_full');
    expect(await tags(path)).toEqual(['small enough']);
    expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  });
});

describe('a disk that answers a commit with an error', () => {
  test('makes the outcome unknown, and the service degraded until a write succeeds', async () => {
    const { db, path } = await testPool();
    await write(db, 'before');
    const writer = db.status().processes.find(({ role }) => role === 'writer')?.pid ?? 0;
    const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(writer), `--fsize=${bytes}:`]);
    limit('1');
    expect(await codeOf(write(db, 'refused'))).toBe('outcome_unknown');
    expect(db.status()).toMatchObject({ alive: true, degraded: [expect.stringContaining('I/O error')] });
    expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
    limit('unlimited');
    await write(db, 'after');
    expect(db.status().degraded).toEqual([]);
    expect(await tags(path)).toEqual(['before', 'after']);
  });
});

describe('a full queue', () => {
  test('refuses what it has no place for, and all that waited is done', async () => {
    const { db, path } = await testPool({ queueLimit: 3 });
    await write(db, 'first');
    const writer = db.status().processes.find(({ role }) => role === 'writer');
    process.kill(writer?.pid ?? 0, 'SIGSTOP');
    const writing = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => codeOf(write(db, name, 20_000)));
    expect(await Promise.all(writing.slice(4))).toEqual(['queue_full', 'queue_full']);
    process.kill(writer?.pid ?? 0, 'SIGCONT');
    expect(await Promise.all(writing.slice(0, 4))).toEqual(['done', 'done', 'done', 'done']);
    expect(await tags(path)).toEqual(['first', 'a', 'b', 'c', 'd']);
  });
});
