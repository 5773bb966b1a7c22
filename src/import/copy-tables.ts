import type { Database } from '../db/port.ts';
import { within } from '../deadline.ts';
import { COPIES, type Copy } from './db/copied-tables.ts';
import type { DatabaseSource } from './db/foreign-source.ts';

const WRITE_LIMIT_MS = 60_000;

/** The number of rows added to each of the other tables. */
export type CopyCounts = Record<Copy, number>;

/** Copies the other tables of another database (copied-tables.ts). Existing rows are kept. */
export async function copyTables(db: Database, source: DatabaseSource, signal: AbortSignal): Promise<CopyCounts> {
  const counts = Object.fromEntries(COPIES.map((copy) => [copy, 0])) as CopyCounts;
  for (const copy of COPIES) {
    for await (const rows of source.copies(copy)) {
      if (signal.aborted) return counts;
      const { inserted } = await within(WRITE_LIMIT_MS, (deadline) => db.write(copy, { rows }, deadline));
      counts[copy] += inserted;
    }
  }
  return counts;
}
