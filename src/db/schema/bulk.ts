import { within } from '../../deadline.ts';
import type { Database } from '../port.ts';

/** An index over 20 million jobs takes a minute and a half; a slow disk may need many times that. */
const INDEX_LIMIT_MS = 3_600_000;
/** Dropping the indexes of an empty table takes milliseconds; the rest is waiting for the writer. */
const DROP_LIMIT_MS = 60_000;

/** Drops the lean indexes if there is no job yet, so that a bulk load is three times as fast. End it with buildIndexes. */
export async function beginBulkLoad(db: Database): Promise<void> {
  await within(DROP_LIMIT_MS, (deadline) => db.write('dropIndexes', {}, deadline));
}

/**
 * Builds the indexes a bulk load left out, also one that was cut off long ago; each is a transaction of its own. `report` is
 * told the name of each before it begins. Returns how many were built.
 */
export async function buildIndexes(db: Database, report: (name: string) => void): Promise<number> {
  const { missing } = await within(DROP_LIMIT_MS, (deadline) => db.write('missingIndexes', {}, deadline));
  for (const name of missing) {
    report(name);
    await within(INDEX_LIMIT_MS, (deadline) => db.write('createIndex', { name }, deadline));
  }
  return missing.length;
}
