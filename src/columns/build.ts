import { rmSync } from 'node:fs';
import { Block } from './block.ts';
import type { IndexFile, IndexMeta } from './index-file.ts';
import type { Batch } from './rows/job-reader.ts';
import type { Stretch } from './rows/which.ts';
import type { SecondReader } from './second-reader.ts';
import type { Source } from './source.ts';
import { Stale } from './unsuitable.ts';

export interface BuildOptions {
  readonly source: Source;
  /** Reads what it can meanwhile. */
  readonly beside: SecondReader;
  readonly file: IndexFile;
  /** Told how many jobs there are in the index so far. */
  progress(rows: number): void;
}

/** Jobs of one short read of the file: no snapshot is held for long, and their text takes a few MB. */
const BATCH_JOBS = 5_120;
/**
 * Jobs of one load, which goes on while the next are read: a row group of DuckDB, 20 MB of CSV. A load that ends within a row group
 * leaves holes: with 125,000 the file of 300,000 jobs was 19 MB instead of 14.
 */
const LOAD_JOBS = 122_880;

/**
 * Fills an empty index. It reads the jobs in the order of their ids while others write; what has changed meanwhile stands in the record
 * behind the place it began at. Throws Unsuitable, and Stale when the record has lost that place meanwhile.
 */
export async function build({ source, beside, file, progress }: BuildOptions): Promise<IndexMeta> {
  const place = await source.newest();
  await file.create();
  const block = new Block();
  let footprintKeys: readonly string[] = [];
  let last: bigint | undefined = -(2n ** 63n) + 1n;
  let rows = 0;
  let loading = Promise.resolve();
  for (let round = 0; last !== undefined; round += 1) {
    const csvPath = file.csvPath(round % 2 === 0 ? 0 : 1);
    const read: Loaded = await writeCsv({ source, beside, block, csvPath, last }, footprintKeys);
    await loading;
    loading = load(file, csvPath, read, footprintKeys.length);
    loading.catch(() => {}); // told where it is waited for
    footprintKeys = read.footprintKeys;
    rows += read.rows;
    last = read.last;
    progress(rows);
  }
  await loading;
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

interface Reading extends Pick<BuildOptions, 'source' | 'beside'> {
  block: Block;
  csvPath: string;
  /** The jobs behind this id. */
  last: bigint;
}

async function load(file: IndexFile, csvPath: string, read: Loaded, known: number): Promise<void> {
  if (read.rows === 0) return rmSync(csvPath, { force: true });
  await file.addKeys(read.footprintKeys, known);
  await file.addJobs(csvPath, read.footprintKeys);
}

/** Writes the next jobs; a new footprint key begins them again, with its column. */
async function writeCsv(reading: Reading, keys: readonly string[]): Promise<Loaded> {
  let footprintKeys = keys;
  for (;;) {
    const loaded = await tryCsv(reading, footprintKeys);
    if (!('lacks' in loaded)) return loaded;
    footprintKeys = [...footprintKeys, ...(await reading.source.moreKeys(footprintKeys, loaded.lacks, BATCH_JOBS))];
  }
}

async function tryCsv(
  { source, beside, block, csvPath, last: from }: Reading,
  footprintKeys: readonly string[],
): Promise<Loaded | { lacks: bigint }> {
  block.open(csvPath);
  try {
    let last = from;
    let rows = 0;
    while (rows < LOAD_JOBS) {
      // Ids may be missing: smaller and smaller stretches end with exactly that many jobs.
      const stretches = await source.stretchesBehind(last, BATCH_JOBS, LOAD_JOBS - rows);
      const end = stretches.at(-1);
      if (end === undefined) break;
      const lacking = await shareOut(stretches, [source, beside], footprintKeys, (batch) => {
        block.add(batch.csv);
        rows += batch.rows;
      });
      if (lacking !== undefined) return { lacks: lacking.from };
      last = end.to;
    }
    block.write();
    return { rows, last: rows < LOAD_JOBS ? undefined : last, footprintKeys };
  } finally {
    block.close();
  }
}

interface Reader {
  between(keys: readonly string[], stretch: Stretch): Promise<Batch | 'more keys'>;
}

/**
 * Each reader takes the next stretch when it has read one: the process that loads beside reads fewer. Answers a stretch where keys are lacking,
 * if there is one. All have ended when it has, also where one fails.
 */
async function shareOut(
  stretches: readonly Stretch[],
  readers: readonly Reader[],
  keys: readonly string[],
  take: (batch: Batch) => void,
): Promise<Stretch | undefined> {
  const left = stretches.values();
  let lacking: Stretch | undefined;
  let hasFailed = false;
  const ended = await Promise.allSettled(
    readers.map(async (reader) => {
      for (const stretch of left) {
        try {
          const batch = await reader.between(keys, stretch);
          if (batch !== 'more keys') take(batch);
          else lacking ??= stretch;
        } catch (error) {
          hasFailed = true;
          throw error;
        }
        if (lacking !== undefined || hasFailed) return;
      }
    }),
  );
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return lacking;
}
