import { setImmediate as nextTurn } from 'node:timers/promises';
import { wholeLiteral } from '../questions/duckdb-query.ts';
import type { IndexFile, IndexMeta } from './duckdb-file.ts';
import { Outdated } from './index-errors.ts';
import { changeSummaries } from './kept-summaries.ts';
import { FootprintKeys } from './source/footprint-keys.ts';
import type { Source } from './source/indexed-database.ts';
import type { OddJob } from './source/job-reader.ts';
import { checkOdd, followedOdd } from './unsupported-jobs.ts';
import { checkChanges } from './when-to-rebuild.ts';

/**
 * Jobs per read, which cannot be interrupted. On a busy machine, code that has not run before takes 100 µs per job. With
 * fewer, DuckDB's chunks cost more than the jobs in them.
 */
const READ_JOBS = 256;
const FEW_IDS = 100;

/**
 * Brings the index up to the newest change of the database and returns its new meta. It runs in one snapshot of the
 * database and one transaction of the index, so a failure changes neither. Throws Outdated if a build is due,
 * Unsupported, or the reason of the signal.
 */
export async function follow(
  source: Source,
  file: IndexFile,
  meta: IndexMeta,
  signal: AbortSignal,
): Promise<IndexMeta> {
  const newest = source.newest();
  if (newest.seq === meta.upTo.seq && newest.mark === meta.upTo.mark) return meta;
  if (!source.has(meta.upTo)) throw new Outdated('the record of changes does not reach back to the index');
  const ids = source.changedIds(meta.upTo.seq, newest.seq);
  checkChanges(ids.length);
  const keys = new FootprintKeys(meta.footprintKeys);
  const [incoming] = file.incoming;
  const found: OddJob[] = [];
  try {
    for (let at = 0; at < ids.length; at += READ_JOBS) {
      const jobs = await source.jobsOf(ids.slice(at, at + READ_JOBS), keys);
      if (jobs.rows > 0) await incoming.add(jobs);
      found.push(...jobs.odd);
      await nextTurn(); // a message may request an interrupt
      signal.throwIfAborted();
    }
    const odd = followedOdd(meta.odd, ids, found);
    checkOdd(odd);
    return await file.transaction(async () => {
      await file.addColumns(keys.list, meta.footprintKeys.length); // first: DuckDB rejects it after a deletion
      const changed = jobsWith(ids);
      await changeSummaries(file, meta.summaries, changed, incoming);
      signal.throwIfAborted(); // the interrupt may have come between two statements
      const gone = await file.deleteJobs(changed, meta.hasWide);
      await file.addJobs(incoming);
      const rows = meta.rows - gone + incoming.rows;
      const [churned, hasWide] = [meta.churned + gone, meta.hasWide || incoming.hasWide];
      const next = { ...meta, upTo: newest, footprintKeys: keys.list, rows, churned, hasWide, odd };
      if (odd !== meta.odd) await file.writeOdd(odd);
      await file.writeMeta(next);
      return next;
    });
  } finally {
    await incoming.clear();
  }
}

/** Few ids are written into the SQL. New jobs have consecutive ids, so DuckDB can skip the blocks outside the range. */
function jobsWith(ids: readonly bigint[]): { where: string; parameters: string[] } {
  const [least, most] = [ids[0], ids.at(-1)];
  if (least === undefined || most === undefined) return { where: 'false', parameters: [] }; // only job links changed
  const isWithin = `id BETWEEN ${wholeLiteral(least)} AND ${wholeLiteral(most)}`;
  if (most - least === BigInt(ids.length - 1)) return { where: isWithin, parameters: [] };
  if (ids.length <= FEW_IDS) return { where: `id IN (${ids.map(wholeLiteral).join(', ')})`, parameters: [] };
  const isAmong = "id IN (SELECT unnest(string_split($1, ',')::BIGINT[]))";
  return { where: `${isWithin} AND ${isAmong}`, parameters: [ids.join()] };
}
