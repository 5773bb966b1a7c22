import { BUSY_TIMEOUT_MS } from './pragmas.ts';
import type { PreparedStatements } from './prepared-statements.ts';

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
export async function maintain(statements: PreparedStatements, task: Maintenance): Promise<Record<string, number>> {
  if (task === 'optimize') {
    await statements.use(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}`, (statement) => statement.all([]));
    await statements.use('PRAGMA optimize', (statement) => statement.all([]));
    return {};
  }
  if (task === 'giveBack') {
    const before = await pragma(statements, 'page_count');
    await statements.use(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`, (statement) => statement.all([]));
    const freed = before - (await pragma(statements, 'page_count'));
    const freedBytes = freed * (await pragma(statements, 'page_size'));
    return { freedBytes, leftPages: await pragma(statements, 'freelist_count') };
  }
  if (task === 'checkpoint') return await checkpoint(statements);
  await statements.use(`PRAGMA busy_timeout = ${PATIENCE_MS}`, (statement) => statement.all([]));
  try {
    return await checkpoint(statements);
  } finally {
    await statements.use(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`, (statement) => statement.all([]));
  }
}

async function checkpoint(statements: PreparedStatements): Promise<Record<string, number>> {
  const [row] = await statements.use('PRAGMA wal_checkpoint(TRUNCATE)', (statement) => statement.all([]));
  return { busy: Number(row.busy), pagesLeft: Math.max(0, Number(row.log)) };
}

async function pragma(
  statements: PreparedStatements,
  name: 'page_count' | 'page_size' | 'freelist_count',
): Promise<number> {
  const [row] = await statements.use(`PRAGMA ${name}`, (statement) => statement.all([]));
  return Number(row[name]);
}
