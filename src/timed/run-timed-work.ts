import type { ArchiveUpkeep } from '../archive/upkeep-port.ts';
import type { Database } from '../db/port.ts';
import { timedWork } from '../db/statements/timed-work.ts';
import { type Deadline, within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { Directory } from '../login-directory.ts';
import type { SettingValues } from '../settings.ts';
import type { TimedTask } from './task.ts';
import { TIMETABLE } from './timetable.ts';

export interface TimedOptions {
  db: Database;
  settings: SettingValues;
  directory?: Directory | undefined;
  archive?: ArchiveUpkeep | undefined;
  /** Fires when the service stops. */
  signal?: AbortSignal | undefined;
  /** The current time in Unix seconds. */
  clock: () => number;
  log: { warn(fields: object, message: string): void };
}

/** Time limit of one small transaction, including the wait for the writer. */
const STEP_LIMIT_MS = 30_000;

/**
 * Runs all timed work that is due, one piece after the other. Each piece is first claimed in the database, so that only
 * one of several services on a file runs it. An error is logged, and the piece runs again at its next time. Never
 * throws. Called by a Worker's `scheduled` handler, and on Node by a timer.
 */
export async function runTimedWork(options: TimedOptions, tasks: readonly TimedTask[] = TIMETABLE): Promise<void> {
  const { settings, clock, log, signal } = options;
  for (const task of tasks) {
    if (signal?.aborted) return;
    const everySec = task.everySec(settings);
    if (everySec === 'off') continue;
    try {
      await runTask(options, task, everySec);
    } catch (error) {
      if (signal?.aborted) return; // the database is closed with the service
      log.warn({ task: task.name, err: error }, 'timed work failed');
      const code = error instanceof Fault ? error.code : 'internal';
      await ended(options, task, { failed: code }, Math.floor(clock())).catch(() => {}); // the log has the error
    }
  }
}

async function runTask(options: TimedOptions, task: TimedTask, everySec: number): Promise<void> {
  const { db, settings, directory, archive, signal, log, clock } = options;
  const nowSec = Math.floor(clock());
  const { claimed } = await step((own) => db.write('claimTimedWork', { name: task.name, nowSec, everySec }, own));
  if (!claimed) return;
  const result = await task.run({ db, settings, directory, archive, signal, log, nowSec, step });
  await ended(options, task, result, Math.floor(clock()));
}

async function ended({ db }: TimedOptions, { name }: TimedTask, result: object, nowSec: number): Promise<void> {
  await step((own) => db.write('endTimedWork', { name, nowSec, result }, own));
}

/** When each piece last ran and its result, as stored in the database. */
export async function lastTimedWork({ db }: Pick<TimedOptions, 'db'>) {
  return await step((own) => db.read(timedWork(), own));
}

function step<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result> {
  return within(STEP_LIMIT_MS, run);
}
