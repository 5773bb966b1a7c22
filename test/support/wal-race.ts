import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, removeFolder } from './folder.ts';
import { openSqlite } from './sqlite.ts';

const PROGRAM = join(import.meta.dirname, '../fixtures/wal-race-process.ts');
const STEP_MS = 20;
const START_MS = 1_500;

export interface RaceResult {
  /** Commits acknowledged to the writer. */
  commits: number;
  /** How many of them are in the file. Undefined if the file cannot be read any more. */
  found: number | undefined;
  checkpoints: number;
  /** The lines of integrity_check, at most three. */
  integrity: string[];
}

/**
 * Runs a writer, a checkpointing process and a reader on one file with one SQLite library. The timing pauses a
 * checkpoint for two milliseconds (SIGSTOP, like a pause by the scheduler) while the next commit resets the log. An
 * SQLite with the WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug) damages the file within half a minute.
 */
export async function race(library: 'node' | 'libsql', seconds: number): Promise<RaceResult> {
  const folder = makeFolder();
  const path = join(folder, 'race.db');
  try {
    await make(path);
    const endAt = Date.now() + START_MS + seconds * 1000;
    const children = ['writer', 'checkpointer', 'reader'].map((role) =>
      fork(PROGRAM, [path, library, role, String(endAt)], { execArgv: ['--disable-warning=ExperimentalWarning'] }),
    );
    const counted = Promise.all(
      children.map(async (child) => ((await once(child, 'message')) as [{ commits: number; checkpoints: number }])[0]),
    );
    const ended = Promise.all(children.map((child) => once(child, 'exit')));
    await pauseAtResets(children[1]?.pid ?? 0, endAt);
    const [writer, checkpointer] = await counted;
    await ended;
    return { commits: writer?.commits ?? 0, checkpoints: checkpointer?.checkpoints ?? 0, ...look(path) };
  } finally {
    removeFolder(folder);
  }
}

async function make(path: string): Promise<void> {
  const db = openSqlite(path);
  await db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE counter (id INTEGER PRIMARY KEY, value INT, copy INT, filler TEXT); CREATE INDEX counter_copy ON counter (copy);
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)
    INSERT INTO counter SELECT x, 0, x, hex(zeroblob(300)) FROM n`);
  db.close();
}

/** Pauses the checkpointer in each step, at about the time when the writer resets the log. */
async function pauseAtResets(pid: number, endAt: number): Promise<void> {
  await sleep(START_MS / 2);
  while (Date.now() < endAt - 500) {
    const now = performance.timeOrigin + performance.now();
    const step = Math.ceil(now / STEP_MS) * STEP_MS;
    await sleep(Math.max(0, step + 11.5 - now));
    const at = step + 13.2 + 0.8 * Math.random();
    while (performance.timeOrigin + performance.now() < at);
    process.kill(pid, 'SIGSTOP');
    await sleep(2);
    process.kill(pid, 'SIGCONT');
  }
}

function look(path: string): Pick<RaceResult, 'found' | 'integrity'> {
  const db = openSqlite(path);
  const tried = <Value>(read: () => Value): Value | string => {
    try {
      return read();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const found = tried(() => Number(db.prepare('SELECT sum(value) AS sum FROM counter NOT INDEXED').get().sum));
  const integrity = tried(() =>
    (db.prepare('PRAGMA integrity_check(3)').all() as { integrity_check: string }[]).map((row) => row.integrity_check),
  );
  db.close();
  return {
    found: typeof found === 'number' ? found : undefined,
    integrity: typeof integrity === 'string' ? [integrity] : integrity,
  };
}
