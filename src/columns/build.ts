import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { IndexFile, IndexMeta } from './index-file.ts';
import type { Batch, Source } from './source.ts';
import { Stale } from './unsuitable.ts';

export interface BuildOptions {
  readonly source: Source;
  readonly file: IndexFile;
  /** Told how many jobs there are in the index so far. */
  progress(rows: number): void;
}

/** Jobs of one short read of the file: no snapshot is held for long, and their text takes a few MB. */
const BATCH_JOBS = 5_000;
/** Jobs of one load: 40 MB of CSV, and a little more than a row group of DuckDB (122,880). */
const LOAD_JOBS = 250_000;

/**
 * Fills an empty index. It reads the jobs in the order of their ids while others write; what has changed meanwhile stands in the record
 * behind the place it began at. Throws Unsuitable, and Stale when the record has lost that place meanwhile.
 */
export async function build({ source, file, progress }: BuildOptions): Promise<IndexMeta> {
  const place = await source.newest();
  await file.create();
  let footprintKeys: readonly string[] = [];
  let last: bigint | undefined = -(2n ** 63n) + 1n;
  let rows = 0;
  while (last !== undefined) {
    const loaded = await writeCsv(source, file, footprintKeys, last);
    if (loaded.rows > 0) {
      await file.addKeys(loaded.footprintKeys, footprintKeys.length);
      await file.run(`INSERT INTO job SELECT * FROM ${file.csvSource(loaded.footprintKeys)}`);
    }
    rmSync(file.csvPath, { force: true });
    footprintKeys = loaded.footprintKeys;
    rows += loaded.rows;
    last = loaded.last;
    progress(rows);
  }
  if (!(await source.has(place))) throw new Stale('more jobs have changed during the build than the record holds');
  const meta = { place, footprintKeys, rows, churned: 0 };
  await file.writeMeta(meta);
  await file.run('CHECKPOINT');
  return meta;
}

interface Loaded {
  rows: number;
  /** Where the next load goes on; undefined behind the last job. */
  last: bigint | undefined;
  footprintKeys: readonly string[];
}

/** Writes the next jobs; a new footprint key begins them again, with its column. */
async function writeCsv(source: Source, file: IndexFile, keys: readonly string[], from: bigint): Promise<Loaded> {
  let footprintKeys = keys;
  for (;;) {
    const loaded = await tryCsv(source, file, footprintKeys, from);
    if (!('lacks' in loaded)) return loaded;
    footprintKeys = [...footprintKeys, ...(await source.moreKeys(footprintKeys, loaded.lacks, BATCH_JOBS))];
  }
}

async function tryCsv(
  source: Source,
  file: IndexFile,
  footprintKeys: readonly string[],
  from: bigint,
): Promise<Loaded | { lacks: bigint }> {
  const csv = openSync(file.csvPath, 'w', 0o600);
  try {
    let last = from;
    let rows = 0;
    while (rows < LOAD_JOBS) {
      const batch: Batch | 'more keys' = await source.behind(footprintKeys, last, BATCH_JOBS);
      if (batch === 'more keys') return { lacks: last };
      if (batch.rows > 0) writeLines(csv, batch.csv);
      rows += batch.rows;
      if (batch.rows < BATCH_JOBS) return { rows, last: undefined, footprintKeys };
      last = batch.last;
    }
    return { rows, last, footprintKeys };
  } finally {
    closeSync(csv);
  }
}

export function writeLines(csv: number, lines: Uint8Array): void {
  for (let at = 0; at < lines.length; ) at += writeSync(csv, lines, at);
  writeSync(csv, '\n');
}
