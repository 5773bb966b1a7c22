import { z } from 'zod';
import { LOG_LIMIT_BYTES } from '../db/maintenance.ts';
import type { Database } from '../db/port.ts';
import { quickCheck, tablesOfFile } from '../db/statements/quick-check.ts';
import { startDeadline, within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { SettingValues } from '../settings.ts';
import { lastTimedWork } from './run.ts';

export interface FileCheckOptions {
  db: Database;
  settings: Pick<SettingValues, 'QUICK_CHECK_S'>;
  /** Now, in Unix seconds. */
  clock: () => number;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** A table is given up when the log has grown beyond this; default: from where on it is emptied. */
  logLimitBytes?: number;
}

/** The name in the record of timed work, under which /api/system and /system show the result. */
export const FILE_CHECK = 'quickCheck';
/** Between two looks whether a check is due, and between the parts of one that was given up. */
const LOOK_MS = 60_000;
const HOUR_SEC = 3_600;
/** For one table; a check of 6 GB takes a minute on an idle machine. */
const TABLE_LIMIT_MS = 3_600_000;
const STEP_LIMIT_MS = 30_000;
/** How often a check looks at the log that it keeps from being emptied. */
const LOG_LOOK_MS = 500;
const MOST_PROBLEMS = 10;
const PROBLEM_LENGTH = 200;

/** What came of the last check, as it is stored. */
const Result = z.object({
  /** Unix seconds at which all tables had been checked; undefined before the first check. */
  checkedAt: z.int().optional(),
  /** Tables checked since the beginning of this check. */
  tables: z.int().default(0),
  /** Lines of SQLite, with their table before them. */
  problems: z.array(z.string()).default([]),
  /** Where a check that was given up goes on. */
  next: z.string().optional(),
});
type Result = z.output<typeof Result>;

export interface FileCheck {
  /** What an operator has to look at; empty while nothing is known to be wrong. */
  degraded(): readonly string[];
  /** Checks what is due now. Never throws. */
  look(): Promise<void>;
  /** Ends the check that runs; the next start goes on with its table. */
  stop(): Promise<void>;
}

/**
 * Checks the pages of a local file every QUICK_CHECK_S, a table at a time, on a reader at the lowest priority that is replaced afterwards. A
 * check keeps the log from being emptied, so it gives a table up when the log passes its limit, and goes on with that table an hour
 * later. The first check comes an hour after the first start. Of several services on one file one does it. What it finds is in the log, in
 * the record of timed work and in `degraded`, also after a restart.
 */
export function startFileCheck(options: FileCheckOptions): FileCheck {
  const everySec = options.settings.QUICK_CHECK_S;
  const stopping = new AbortController();
  let known: Result = Result.parse({});
  let running: Promise<void> | undefined;
  const look = (): Promise<void> => {
    running ??= (everySec === 'off' ? Promise.resolve() : checkIfDue(options, everySec, stopping.signal))
      .then((result) => {
        known = result ?? known;
      })
      .catch((error: unknown) =>
        options.log.warn({ err: error }, 'the database file could not be checked: retried later'),
      )
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  void look(); // what an earlier service has found counts from the start on
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    degraded: () =>
      known.problems.length === 0 ? [] : ['the last check of the database file found damage: restore a backup'],
    look,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** The result as it is now, or undefined where there is no local file. */
async function checkIfDue(
  options: FileCheckOptions,
  everySec: number,
  stopping: AbortSignal,
): Promise<Result | undefined> {
  const { db, clock, log } = options;
  if (db.status().logBytes === undefined) return undefined;
  const record = (await lastTimedWork({ db })).find(({ name }) => name === FILE_CHECK);
  const before = Result.safeParse(record?.result ?? {}).data ?? Result.parse({});
  const nowSec = Math.floor(clock());
  const isFirst = record === undefined;
  const isDue = before.next !== undefined || nowSec - (before.checkedAt ?? 0) >= everySec;
  if (!isFirst && !isDue) return before;
  const claim = { name: FILE_CHECK, nowSec, everySec: HOUR_SEC };
  const { claimed } = await within(STEP_LIMIT_MS, (own) => db.write('claimTimedWork', claim, own));
  if (!claimed) return before;
  // The claim of a first start makes the first check wait for an hour.
  const result = isFirst ? before : await checkTables(options, before, stopping);
  const end = { name: FILE_CHECK, nowSec: Math.floor(clock()), result };
  await within(STEP_LIMIT_MS, (own) => db.write('endTimedWork', end, own));
  const { problems, tables, next } = result;
  if (problems.length > 0) log.warn({ problems }, 'the database file is damaged: restore a backup');
  else if (next !== undefined) log.info({ tables, next }, 'the check of the database file was postponed');
  else if (!isFirst) log.info({ tables }, 'the database file was checked: no damage was found');
  return result;
}

async function checkTables(
  { db, clock, logLimitBytes = LOG_LIMIT_BYTES }: FileCheckOptions,
  before: Result,
  stopping: AbortSignal,
): Promise<Result> {
  const all = (await within(STEP_LIMIT_MS, (own) => db.read(tablesOfFile(), own))).map(({ name }) => name);
  const waitUntil = before.next !== undefined && all.includes(before.next);
  const problems = waitUntil ? [...before.problems] : [];
  let tables = waitUntil ? before.tables : 0;
  for (const table of all.slice(waitUntil ? all.indexOf(before.next ?? '') : 0)) {
    const found = await checkTable(db, table, { logLimitBytes, stopping });
    if (found === undefined) return { ...before, tables, problems, next: table };
    tables += 1;
    for (const line of found) if (problems.length < MOST_PROBLEMS) problems.push(`${table}: ${line}`);
  }
  return { checkedAt: Math.floor(clock()), tables, problems };
}

/** What is wrong with a table; undefined when it was given up. */
async function checkTable(
  db: Database,
  table: string,
  { logLimitBytes, stopping }: { logLimitBytes: number; stopping: AbortSignal },
): Promise<string[] | undefined> {
  const giveUp = new AbortController();
  const isTooMuch = () => stopping.aborted || (db.status().logBytes ?? 0) > logLimitBytes;
  // It takes a reader for minutes: not the last one.
  if (isTooMuch() || db.idleReaders() === 0) return undefined;
  const timer = setInterval(() => isTooMuch() && giveUp.abort(), LOG_LOOK_MS);
  const deadline = startDeadline(TABLE_LIMIT_MS, AbortSignal.any([giveUp.signal, stopping]));
  try {
    const lines = await db.read(quickCheck(table), deadline);
    return lines.flatMap(({ line }) => (line === 'ok' ? [] : [line.slice(0, PROBLEM_LENGTH)]));
  } catch (error) {
    if (deadline.signal.aborted) return undefined;
    if (error instanceof Fault && error.code === 'database_damaged') return [error.message];
    throw error;
  } finally {
    clearInterval(timer);
    deadline.clear();
  }
}
