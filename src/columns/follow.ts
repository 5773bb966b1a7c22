import { writeFileSync } from 'node:fs';
import { wholeLiteral } from '../questions/duckdb-query.ts';
import type { IndexFile, IndexMeta } from './index-file.ts';
import type { Batch } from './rows/job-reader.ts';
import { stretchOf } from './rows/which.ts';
import type { Place, Source } from './source.ts';
import { Stale } from './unsuitable.ts';

/** Changed jobs that are taken over before an answer; with more a build is faster and takes less memory. */
const MOST_CHANGES = 20_000;
/** Jobs that are read at a time. */
const BATCH_JOBS = 5_000;
const FEW_IDS = 100;
/** Part of the rows whose holes are borne (700,000 of 20 million made totals twice as slow), once there are enough to matter. */
const CHURN = { part: 0.03, least: 20_000 };

/**
 * Brings the index up to the newest change of the file and answers what it is then. Within one snapshot of the file and one transaction of
 * the index: a failure leaves both as they were. Throws Stale where a build is due, and Unsuitable.
 */
export async function follow(source: Source, file: IndexFile, meta: IndexMeta): Promise<IndexMeta> {
  const newest = await source.newest();
  if (newest.seq === meta.place.seq && newest.mark === meta.place.mark) return meta;
  if (!(await source.has(meta.place))) throw new Stale('the record of changes does not reach back to the index');
  const ids = await source.changedIds(meta.place.seq, newest.seq);
  if (ids.length > MOST_CHANGES) throw new Stale(`${ids.length} jobs have changed since the last answer`);
  const changes = { source, file, meta, newest, ids };
  const next = await takeOver(changes, []);
  if (next !== 'more keys') return next;
  const again = await takeOver(changes, await source.moreKeysOf(meta.footprintKeys, ids));
  if (again === 'more keys') throw new Stale('footprints have keys that cannot be told');
  return again;
}

interface Changes {
  source: Source;
  file: IndexFile;
  meta: IndexMeta;
  newest: Place;
  /** Of the jobs that have changed, the lowest first. */
  ids: readonly bigint[];
}

/** Thrown to leave a transaction that cannot be gone on with. */
class MoreKeys extends Error {}

/** With columns for more keys. 'more keys': there are others still, and nothing has changed. */
async function takeOver(changes: Changes, more: readonly string[]): Promise<IndexMeta | 'more keys'> {
  const { file, meta, newest } = changes;
  const footprintKeys = [...meta.footprintKeys, ...more];
  try {
    return await file.transaction(async () => {
      await file.addKeys(footprintKeys, meta.footprintKeys.length);
      const { gone, rows } = await replaceJobs(changes, footprintKeys);
      const next = { place: newest, footprintKeys, rows: meta.rows - gone + rows, churned: meta.churned + gone };
      await file.writeMeta(next);
      return next;
    });
  } catch (error) {
    if (error instanceof MoreKeys) return 'more keys';
    throw error;
  }
}

/** The index works on what was read while the next jobs are. Throws MoreKeys. */
async function replaceJobs(
  { source, file, ids }: Changes,
  footprintKeys: readonly string[],
): Promise<{ gone: number; rows: number }> {
  const deleting = begun(file.run(...deletion(ids)));
  let working: Promise<unknown> = deleting;
  let rows = 0;
  try {
    for (let at = 0; at < ids.length; at += BATCH_JOBS) {
      const batch = await source.jobsOf(footprintKeys, ids.slice(at, at + BATCH_JOBS));
      await working;
      if (batch === 'more keys') throw new MoreKeys();
      rows += batch.rows;
      if (batch.rows > 0) working = begun(insert(file, batch, footprintKeys));
    }
  } finally {
    await working.catch(() => {}); // nothing may run behind it
  }
  await working;
  return { gone: await deleting, rows };
}

/** Work that goes on by itself: that it has failed is told where it is waited for. */
function begun<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => {});
  return work;
}

async function insert(file: IndexFile, batch: Batch, footprintKeys: readonly string[]): Promise<void> {
  const csvPath = file.csvPath(0);
  writeFileSync(csvPath, batch.csv, { mode: 0o600 });
  await file.addJobs(csvPath, footprintKeys);
}

/** Few ids stand in the text, and new jobs stand together: DuckDB leaves out the blocks that cannot have them. */
function deletion(ids: readonly bigint[]): [string, string[]] {
  const [least, most] = [ids[0], ids.at(-1)];
  if (least === undefined || most === undefined) return ['DELETE FROM job WHERE false', []]; // links of no job
  const isWithin = `id BETWEEN ${wholeLiteral(least)} AND ${wholeLiteral(most)}`;
  if (stretchOf(ids) !== undefined) return [`DELETE FROM job WHERE ${isWithin}`, []];
  if (ids.length <= FEW_IDS) return [`DELETE FROM job WHERE id IN (${ids.map(wholeLiteral).join(', ')})`, []];
  return [`DELETE FROM job WHERE ${isWithin} AND id IN (SELECT unnest(string_split($1, ',')::BIGINT[]))`, [ids.join()]];
}

/** Whether so much was replaced that scans are worth a build. */
export function isChurned({ rows, churned }: IndexMeta): boolean {
  return churned > Math.max(CHURN.least, rows * CHURN.part);
}
