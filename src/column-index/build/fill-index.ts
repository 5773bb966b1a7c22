import type { IndexFile, IndexMeta } from '../duckdb-file.ts';
import type { IncomingJobs } from '../incoming-jobs.ts';
import { Outdated } from '../index-errors.ts';
import { buildSummaries } from '../kept-summaries.ts';
import type { Source } from '../source/indexed-database.ts';
import { CHUNK_JOBS, type Jobs, type OddJob } from '../source/job-reader.ts';
import { checkOdd } from '../unsupported-jobs.ts';

export interface FillOptions {
  readonly source: Source;
  /** All jobs, in chunks. */
  readonly jobs: AsyncIterable<Jobs>;
  readonly file: IndexFile;
  readonly shortJobSec: number;
  /** Called with the number of jobs read so far. */
  progress(rows: number): void;
}

/**
 * Jobs per load: one row group of DuckDB. A load that ends within a row group leaves holes: with 125,000 jobs per load,
 * the file of 300,000 jobs had 19 MB instead of 14 MB.
 */
const LOAD_JOBS = 120 * CHUNK_JOBS;

/**
 * Fills an empty index. It reads the jobs in short reads, so that others can write in between. The change record keeps
 * those writes, after the mark at which the build started. DuckDB stores one load while the next one is read. Throws
 * Unsupported, or Outdated if the record has lost the mark in the meantime.
 */
export async function fillIndex({ source, jobs, file, shortJobSec, progress }: FillOptions): Promise<IndexMeta> {
  source.checkEncoding();
  const upTo = source.newest();
  await file.create();
  let footprintKeys: readonly string[] = [];
  const odd: OddJob[] = [];
  let rows = 0;
  let [incoming, other] = file.incoming;
  let loading = Promise.resolve();
  const load = async (keys: readonly string[]) => {
    await loading;
    loading = store(file, incoming, keys, footprintKeys.length);
    loading.catch(() => {}); // the error is thrown at the await
    footprintKeys = keys;
    rows += incoming.rows;
    progress(rows);
    [incoming, other] = [other, incoming];
  };
  try {
    let keys = footprintKeys;
    for await (const chunk of jobs) {
      if (chunk.rows > 0) await incoming.add(chunk);
      odd.push(...chunk.odd);
      checkOdd(odd);
      keys = chunk.footprintKeys;
      if (incoming.rows >= LOAD_JOBS) await load(keys);
    }
    await load(keys);
    await loading;
  } finally {
    await loading.catch(() => {}); // the file must not be closed before the load ends
  }
  if (!source.has(upTo)) throw new Outdated('more jobs have changed during the build than the record holds');
  const summaries = await buildSummaries(file, shortJobSec);
  const meta = { upTo, footprintKeys, rows, churned: 0, hasWide: await file.hasWide(), odd, summaries };
  await file.writeOdd(odd);
  await file.writeMeta(meta);
  await file.run('CHECKPOINT');
  return meta;
}

async function store(file: IndexFile, incoming: IncomingJobs, keys: readonly string[], known: number): Promise<void> {
  await file.addColumns(keys, known);
  await file.addJobs(incoming);
  await incoming.clear();
}
