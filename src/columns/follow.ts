import { closeSync, openSync, rmSync } from 'node:fs';
import { writeLines } from './build.ts';
import type { IndexFile, IndexMeta } from './index-file.ts';
import { wholeLiteral } from './query.ts';
import type { Batch, Source } from './source.ts';
import { Stale } from './unsuitable.ts';

/** Changed jobs that are taken over before an answer; with more a build is faster and takes less memory. */
const MOST_CHANGES = 20_000;
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
  const from = meta.place.seq;
  const ids = await source.changedIds(from, newest.seq);
  if (ids.length > MOST_CHANGES) throw new Stale(`${ids.length} jobs have changed since the last answer`);
  let footprintKeys = meta.footprintKeys;
  let batch = await source.changed(footprintKeys, from, newest.seq);
  if (batch === 'more keys') {
    footprintKeys = [...footprintKeys, ...(await source.moreKeysOfChanged(footprintKeys, from, newest.seq))];
    batch = await source.changed(footprintKeys, from, newest.seq);
    if (batch === 'more keys') throw new Stale('footprints have keys that cannot be told');
  }
  return await takeOver(file, meta, { place: newest, footprintKeys, ids, batch });
}

interface Changes {
  place: IndexMeta['place'];
  footprintKeys: readonly string[];
  ids: readonly bigint[];
  batch: Batch;
}

async function takeOver(file: IndexFile, meta: IndexMeta, changes: Changes): Promise<IndexMeta> {
  const { place, footprintKeys, ids, batch } = changes;
  const csvPath = file.csvPath(0);
  if (batch.rows > 0) {
    const csv = openSync(csvPath, 'w', 0o600);
    writeLines(csv, batch.csv);
    closeSync(csv);
  }
  let next = meta;
  await file.transaction(async () => {
    await file.addKeys(footprintKeys, meta.footprintKeys.length);
    const [isChanged, parameters] = isAnyOf(ids);
    let gone = await file.run(`DELETE FROM job WHERE ${isChanged}`, parameters);
    if (batch.rows > 0) {
      await file.run(`INSERT INTO job SELECT * FROM ${file.csvSource(csvPath, footprintKeys)}`);
      gone += await dropReplaced(file, isChanged, parameters);
    }
    next = { place, footprintKeys, rows: meta.rows - gone + batch.rows, churned: meta.churned + gone };
    await file.writeMeta(next);
  });
  rmSync(csvPath, { force: true });
  return next;
}

/**
 * A job that INSERT OR REPLACE put in the place of another fires no trigger for that one: their key is the same. Looked for among the jobs
 * that started in the same time as those that are new, which are the last blocks of the table as a rule.
 */
async function dropReplaced(file: IndexFile, isChanged: string, parameters: readonly string[]): Promise<number> {
  const fresh = `SELECT id, job_id, start_time, cluster FROM job WHERE ${isChanged}`;
  const times = `SELECT CAST(min(start_time) AS VARCHAR) AS first, CAST(max(start_time) AS VARCHAR) AS last FROM (${fresh})`;
  const [{ first, last } = {}] = await file.rows({ sql: times, parameters });
  if (typeof first !== 'string' || typeof last !== 'string') return 0;
  const isThen = `job.start_time BETWEEN ${wholeLiteral(BigInt(first))} AND ${wholeLiteral(BigInt(last))}`;
  return await file.run(
    `DELETE FROM job USING (${fresh}) AS fresh WHERE ${isThen} AND job.job_id = fresh.job_id AND job.start_time = fresh.start_time AND job.cluster = fresh.cluster AND job.id <> fresh.id`,
    parameters,
  );
}

/** A condition for these ids, and its parameters. Few stand in the text, so that DuckDB looks into the blocks that may have them. */
function isAnyOf(ids: readonly bigint[]): [string, string[]] {
  if (ids.length === 0) return ['false', []]; // links of no job
  if (ids.length <= FEW_IDS) return [`id IN (${ids.map(wholeLiteral).join(', ')})`, []];
  const [least, most] = [ids.reduce((a, b) => (a < b ? a : b)), ids.reduce((a, b) => (a > b ? a : b))];
  const isBetween = `id BETWEEN ${wholeLiteral(least)} AND ${wholeLiteral(most)}`; // new jobs stand together: it leaves out the other blocks
  return [`${isBetween} AND id IN (SELECT unnest(string_split($1, ',')::BIGINT[]))`, [ids.map(wholeLiteral).join()]];
}

/** Whether so much was replaced that scans are worth a build. */
export function isChurned({ rows, churned }: IndexMeta): boolean {
  return churned > Math.max(CHURN.least, rows * CHURN.part);
}
