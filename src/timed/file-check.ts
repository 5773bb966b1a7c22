import { z } from 'zod';
import { LOG_LIMIT_BYTES } from '../db/maintenance.ts';
import type { Database } from '../db/port.ts';
import { quickCheck, tablesOfFile } from '../db/statements/quick-check.ts';
import { startDeadline, within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { SettingValues } from '../settings.ts';
import { lastTimedWork } from './run-timed-work.ts';

export interface FileCheckOptions {
  db: Database;
  settings: Pick<SettingValues, 'QUICK_CHECK_S'>;
  /** The current time in Unix seconds. */
  clock: () => number;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** The check of a table is aborted if the log exceeds this size. By default, the size at which it is emptied. */
  logLimitBytes?: number;
}

/** The name in the record of timed work, under which /api/system and /system show the result. */
export const FILE_CHECK = 'quickCheck';
/** Time between two checks of whether a file check is due, and between the parts of an aborted one. */
const LOOK_MS = 60_000;
const HOUR_SEC = 3_600;
/** Time limit for one table. A check of 6 GB takes a minute on an idle machine. */
const TABLE_LIMIT_MS = 3_600_000;
const STEP_LIMIT_MS = 30_000;
/** How often a check looks at the size of the log, which cannot be emptied during the check. */
const LOG_LOOK_MS = 500;
const MOST_PROBLEMS = 10;
const PROBLEM_LENGTH = 200;

/** The stored result of the last check. */
const Result = z.object({
  /** Unix seconds of the end of the last complete check. Undefined before the first one. */
  checkedAt: z.int().optional(),
  /** Tables checked since the start of this check. */
  tables: z.int().default(0),
  /** Lines of SQLite, each prefixed with its table. */
  problems: z.array(z.string()).default([]),
  /** The table at which an aborted check continues. */
  next: z.string().optional(),
});
type Result = z.output<typeof Result>;

export interface FileCheck {
  /** Problems for the operator. Empty if none are known. */
  degraded(): readonly string[];
  /** Runs a check if one is due. Never throws. */
  look(): Promise<void>;
  /** Ends the running check. The next start continues with its table. */
  stop(): Promise<void>;
}

/**
 * Checks the pages of a local file every QUICK_CHECK_S seconds, one table at a time, on a reader with the lowest
 * priority that is replaced afterwards. The log cannot be emptied during a check. Therefore the check of a table is
 * aborted when the log exceeds its limit, and repeated an hour later. The first check runs an hour after the first
 * start. If several services share a file, one of them checks it. The results go to the log, to the record of timed
 * work and to `degraded`, and are kept across restarts.
 */
export function startFileCheck(options: FileCheckOptions): FileCheck {
  const stopping = new AbortController();
  let known: Result = Result.parse({});
  let running: Promise<void> | undefined;
  const look = (): Promise<void> => {
    const everySec = options.settings.QUICK_CHECK_S; // a reload may change it
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
  void look(); // loads the result of an earlier service at the start
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

/** The current result, or undefined if there is no local file. */
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
  // At the first start this claim delays the first check by an hour.
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
  const continues = before.next !== undefined && all.includes(before.next);
  const problems = continues ? [...before.problems] : [];
  let tables = continues ? before.tables : 0;
  for (const table of all.slice(continues ? all.indexOf(before.next ?? '') : 0)) {
    const found = await checkTable(db, table, { logLimitBytes, stopping });
    if (found === undefined) return { ...before, tables, problems, next: table };
    tables += 1;
    for (const line of found) if (problems.length < MOST_PROBLEMS) problems.push(`${table}: ${line}`);
  }
  return { checkedAt: Math.floor(clock()), tables, problems };
}

/** The problems of a table. Undefined if its check was aborted. */
async function checkTable(
  db: Database,
  table: string,
  { logLimitBytes, stopping }: { logLimitBytes: number; stopping: AbortSignal },
): Promise<string[] | undefined> {
  const giveUp = new AbortController();
  const isTooMuch = () => stopping.aborted || (db.status().logBytes ?? 0) > logLimitBytes;
  // A check occupies a reader for minutes, so it must not take the last one.
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
