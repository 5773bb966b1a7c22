import type { Sqlite } from './driver/node-sqlite.ts';
import { BUSY_TIMEOUT_MS } from './driver/pragmas.ts';

/** Maintenance tasks of a database file. They run outside of transactions. */
export type Maintenance = 'optimize' | 'checkpoint' | 'emptyLog' | 'giveBack';

/** Above this the log is emptied when readers permit. Automatic checkpoints keep it at 4 MB if reads do not overlap. */
export const LOG_LIMIT_BYTES = 64 * 1024 * 1024;
/** Rows of an index that ANALYZE reads, for milliseconds under the lock (https://www.sqlite.org/lang_analyze.html). */
const ANALYSIS_LIMIT = 400;
/** Pages freed at once: 4 MB, which takes some ten milliseconds under the lock. */
const PAGES_AT_ONCE = 1_000;
/**
 * The longest wait for a lock. A checkpoint that waits for readers blocks the writes of other programs, whose busy timeout
 * is longer than this.
 */
const PATIENCE_MS = 5_000;

/**
 * Runs a maintenance task on the writer's connection. Returns its results for the log.
 *
 * - `optimize` updates outdated statistics of the query planner.
 * - `checkpoint` copies the log to the file and starts a new log, as far as readers permit.
 * - `emptyLog` does the same, but waits for readers that began before the last write. Otherwise the log would grow
 *   without limit under successive slow reads (745 MB in one import).
 * - `giveBack` removes some free pages from a file that was created for this (migrate.ts).
 */
export function maintain(db: Sqlite, task: Maintenance): Record<string, number> {
  if (task === 'optimize') {
    db.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}; PRAGMA optimize`);
    return {};
  }
  if (task === 'giveBack') return patiently(db, () => giveBack(db));
  return task === 'checkpoint' ? checkpoint(db) : patiently(db, () => checkpoint(db));
}

/** Waits longer than a write for locks, because nothing tries again soon. */
function patiently<Result>(db: Sqlite, work: () => Result): Result {
  db.all(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
  try {
    return work();
  } finally {
    db.all(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}

function giveBack(db: Sqlite): Record<string, number> {
  const before = pragma(db, 'page_count');
  db.all(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
  const freed = before - pragma(db, 'page_count');
  return { freedBytes: freed * pragma(db, 'page_size'), leftPages: pragma(db, 'freelist_count') };
}

function checkpoint(db: Sqlite): Record<string, number> {
  const [row] = db.all('PRAGMA wal_checkpoint(TRUNCATE)');
  return { busy: Number(row?.['busy']), pagesLeft: Math.max(0, Number(row?.['log'])) };
}

function pragma(db: Sqlite, name: 'page_count' | 'page_size' | 'freelist_count'): number {
  return Number(db.all(`PRAGMA ${name}`)[0]?.[name]);
}
