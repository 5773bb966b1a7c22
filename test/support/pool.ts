import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { openLocalDatabase, type PoolOptions } from '../../src/connections/local-database.ts';
import { openReplicaDatabase, type ReplicaDatabaseOptions } from '../../src/connections/replica-database.ts';
import type { Database } from '../../src/db/port.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import type { Statement } from '../../src/db/statement.ts';
import { type Deadline, startDeadline } from '../../src/deadline.ts';
import { testConnection } from './connection-settings.ts';
import { testFolder } from './folder.ts';
import { migratedFile } from './migrated-file.ts';

const LIMITS = {
  maxReaders: 2,
  queueLimit: 16,
  callerLimit: 16,
  maxIdleMs: 600_000,
  tempDir: undefined,
  settings: testConnection(),
  growthMb: 72,
};

export interface TestPool {
  db: Database;
  path: string;
  warnings: string[];
}

/** A pool on a new database, closed at the end of the test. */
export async function testPool(options: Partial<PoolOptions> = {}): Promise<TestPool> {
  const path = options.path ?? join(testFolder(), 'job.db');
  await migratedFile(path);
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  const db = await openLocalDatabase({ path, ...LIMITS, log, ...options });
  onTestFinished(() => db.close(500));
  return { db, path, warnings };
}

/** The same over a replica of a libSQL server. */
export async function testReplica(url: string, options: Partial<ReplicaDatabaseOptions> = {}): Promise<TestPool> {
  const path = options.path ?? join(testFolder(), 'replica.db');
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  const server = openRemote({ url, mostAtOnce: 16, heartbeat: false });
  const replica = { path, syncUrl: url, authToken: undefined, intervalMs: 100, server };
  const db = await openReplicaDatabase({ ...replica, ...LIMITS, log, ...options });
  onTestFinished(() => db.close(500));
  return { db, path, warnings };
}

/** The path of a fixture: a program that misbehaves as a connection process. */
export function fixture(name: string): string {
  return join(import.meta.dirname, `../fixtures/${name}.ts`);
}

/** A deadline that is cleared at the end of the test. */
export function within(ms: number, gone?: AbortSignal): Deadline {
  const deadline = startDeadline(ms, gone);
  onTestFinished(() => deadline.clear());
  return deadline;
}

const Answer = z.object({ answer: z.union([z.string(), z.number()]) });

/** Returns its argument. */
export function small(value: number): Statement<{ answer: string | number }> {
  return {
    name: 'small',
    sql: "SELECT CAST(json_array(json_object('answer', ?)) AS BLOB) AS json",
    parameters: [value],
    row: Answer,
  };
}

/** Counts for minutes in one step, in constant memory. */
export const ENDLESS: Statement<{ answer: string | number }> = {
  name: 'endless',
  sql: `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000000)
        SELECT CAST(json_array(json_object('answer', count(*))) AS BLOB) AS json FROM n`,
  parameters: [],
  row: Answer,
};

/** Needs this many MB of heap at once, and more for its result. */
export function hungry(mb: number): Statement<{ answer: string | number }> {
  return {
    name: 'hungry',
    sql: `SELECT CAST(json_array(json_object('answer', length(hex(zeroblob(? * 524288))))) AS BLOB) AS json`,
    parameters: [mb],
    row: Answer,
  };
}

/** A statement with this text, for fixtures whose response depends on the text. */
export function asked(sql: string): Statement<{ answer: string | number }> {
  return { name: sql, sql, parameters: [], row: Answer };
}

/** A machine may be this many times slower than a quiet one before a waiting test fails. */
const PATIENCE = 20;

/**
 * Resolves when `holds` returns true, checked every few ms. On a timeout it fails with the value of `shown`. `limitMs`
 * is the expected time on a quiet machine. The limit only detects hangs and measures nothing.
 */
export async function until(holds: () => boolean, limitMs: number, shown: () => unknown = () => ''): Promise<number> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > limitMs * PATIENCE)
      throw new Error(`not within ${limitMs * PATIENCE} ms: ${JSON.stringify(shown())}`);
    await sleep(5);
  }
  return performance.now() - startedAt;
}

/**
 * Milliseconds by which a promise settles later than a plain timer of this length. Both wait for the same event loop,
 * so a slow machine delays both.
 */
export async function lateMs(settled: Promise<unknown>, timerMs: number): Promise<number> {
  const timer = sleep(timerMs).then(() => performance.now());
  const end = await settled.then(
    () => performance.now(),
    () => performance.now(),
  );
  return end - (await timer);
}
