import type { PreparedStatements } from './prepared-statements.ts';

/** What a file wants from time to time, outside of any transaction. */
export type Maintenance = 'optimize' | 'checkpoint' | 'giveBack';

/** Rows of an index that ANALYZE looks at: it then holds the lock for milliseconds (https://www.sqlite.org/lang_analyze.html). */
const ANALYSIS_LIMIT = 400;
/** Pages given back at once: 4 MB, some ten milliseconds under the lock. */
const PAGES_AT_ONCE = 1_000;

/**
 * Runs it on a writer's connection. `optimize`: statistics for the planner where they are out of date. `checkpoint`: the log moves
 * into the file and begins anew, so that it does not grow without end under readers that overlap; readers may keep some of it from
 * that. `giveBack`: some free pages leave the file, where it was made for that (migrate.ts). Returns what is worth telling.
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
  const [row] = await statements.use('PRAGMA wal_checkpoint(RESTART)', (statement) => statement.all([]));
  return { busy: Number(row.busy), pages: Number(row.log), moved: Number(row.checkpointed) };
}

async function pragma(
  statements: PreparedStatements,
  name: 'page_count' | 'page_size' | 'freelist_count',
): Promise<number> {
  const [row] = await statements.use(`PRAGMA ${name}`, (statement) => statement.all([]));
  return Number(row[name]);
}
