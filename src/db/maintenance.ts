import { BUSY_TIMEOUT_MS } from './driver/pragmas.ts';
import type { Sqlite } from './driver/sqlite.ts';

/** What a file wants from time to time, outside of any transaction. */
export type Maintenance = 'optimize' | 'checkpoint' | 'emptyLog' | 'giveBack';

/** From here on the log is emptied as soon as readers let it: an automatic checkpoint keeps it at 4 MB where they do not overlap. */
export const LOG_LIMIT_BYTES = 64 * 1024 * 1024;
/** Rows of an index that ANALYZE looks at: it then holds the lock for milliseconds (https://www.sqlite.org/lang_analyze.html). */
const ANALYSIS_LIMIT = 400;
/** Pages given back at once: 4 MB, some ten milliseconds under the lock. */
const PAGES_AT_ONCE = 1_000;
/** A checkpoint that waits for readers keeps others from writing meanwhile; their writes wait longer than that. */
const PATIENCE_MS = 5_000;

/**
 * Runs it on a writer's connection. `optimize`: statistics for the planner where they are out of date. `checkpoint`: the log moves
 * into the file and begins anew, as far as readers let it. `emptyLog`: the same, and it waits for readers that began before the last
 * write: under slow reads one after the other the log would grow without end (745 MB in one import). `giveBack`: some free pages leave the file, where it was made for that (migrate.ts). Returns what is worth telling.
 */
export function maintain(db: Sqlite, task: Maintenance): Record<string, number> {
  if (task === 'optimize') {
    db.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}; PRAGMA optimize`);
    return {};
  }
  if (task === 'giveBack') {
    const before = pragma(db, 'page_count');
    db.all(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
    const freed = before - pragma(db, 'page_count');
    return { freedBytes: freed * pragma(db, 'page_size'), leftPages: pragma(db, 'freelist_count') };
  }
  if (task === 'checkpoint') return checkpoint(db);
  db.all(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
  try {
    return checkpoint(db);
  } finally {
    db.all(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}

function checkpoint(db: Sqlite): Record<string, number> {
  const [row] = db.all('PRAGMA wal_checkpoint(TRUNCATE)');
  return { busy: Number(row?.['busy']), pagesLeft: Math.max(0, Number(row?.['log'])) };
}

function pragma(db: Sqlite, name: 'page_count' | 'page_size' | 'freelist_count'): number {
  return Number(db.all(`PRAGMA ${name}`)[0]?.[name]);
}
