import type { IndexMeta } from './duckdb-file.ts';
import { Outdated } from './index-errors.ts';

/** The most changed jobs applied before an answer. Beyond this, a build is faster and takes less memory. */
const MOST_CHANGES = 20_000;
/**
 * A build is due after this fraction of rows was replaced, but not before `least` rows. 700,000 replaced rows of 20
 * million made totals twice as slow.
 */
const CHURN = { part: 0.03, least: 20_000 };

/** Throws Outdated if a build is faster than applying the changes of so many jobs. */
export function checkChanges(jobs: number): void {
  if (jobs > MOST_CHANGES) throw new Outdated(`${jobs} jobs have changed since the last answer`);
}

/** Throws Outdated if so many rows were replaced that a build pays off. */
export function checkReplaced({ rows, churned }: Pick<IndexMeta, 'rows' | 'churned'>): void {
  if (churned > Math.max(CHURN.least, rows * CHURN.part))
    throw new Outdated('so much was replaced that scans are slow');
}
