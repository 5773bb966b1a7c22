import { within } from '../../deadline.ts';
import type { Database } from '../port.ts';

/** An index over 20 million jobs takes a minute and a half. A slow disk may need many times that. */
const INDEX_LIMIT_MS = 3_600_000;
/** Dropping the indexes of an empty table takes milliseconds. The rest is the wait for the writer. */
const DROP_LIMIT_MS = 60_000;

/**
 * Drops the lean indexes if there are no jobs yet. A bulk load is three times as fast then. End it with buildIndexes.
 */
export async function beginBulkLoad(db: Database): Promise<void> {
  await within(DROP_LIMIT_MS, (deadline) => db.write('dropIndexes', {}, deadline));
}

/**
 * Builds the indexes that a bulk load left out, including one that was aborted long ago. Each index is built in a
 * transaction of its own. `report` is called with its name before that. Returns the number of indexes built.
 */
export async function buildIndexes(db: Database, report: (name: string) => void): Promise<number> {
  const { missing } = await within(DROP_LIMIT_MS, (deadline) => db.write('missingIndexes', {}, deadline));
  for (const name of missing) {
    report(name);
    await within(INDEX_LIMIT_MS, (deadline) => db.write('createIndex', { name }, deadline));
  }
  return missing.length;
}
