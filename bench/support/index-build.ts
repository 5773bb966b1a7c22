/** Column indexes of several sizes, made from one; what their summaries cost; and the times of their answers. */
import { NewIndex } from '../../src/column-index/build/build-index.ts';
import { IndexFile, type IndexMeta } from '../../src/column-index/duckdb-file.ts';
import { buildSummaries } from '../../src/column-index/kept-summaries.ts';
import { queryFor } from '../../src/column-index/question-to-query.ts';
import { summariesFor } from '../../src/questions/summaries/summary-tables.ts';
import { INDEX_MB } from './column-index.ts';
import type { Question } from './column-questions.ts';
import { percentile } from './table.ts';

const SHORT_JOB_S = 300;
const BLOCK_MB = 0.262144;
const ROUNDS = 7;

export interface Cost {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSec: number;
}

const optionsIn = (tempDir: string) => ({ memoryMb: INDEX_MB, tempDir, spillMb: 2_048, shortJobSec: SHORT_JOB_S });

/** Replaces the index of a database, in this process. */
export async function builtAnew(db: string, tempDir: string): Promise<Cost> {
  const index = await NewIndex.open({ ...optionsIn(tempDir), path: `${db}.columns`, databasePath: db });
  return await costOf(() => index.build(() => {}));
}

/**
 * An index of the newest jobs of another, as of a younger site. With more jobs than the other has, it is that of an older
 * site: all of them, and again with starts before the first one. Returns the cost of its summaries.
 */
export async function madeIndex(source: string, jobs: number, path: string, tempDir: string): Promise<Cost> {
  const meta = await inIndex(source, tempDir, async (_, meta) => meta);
  IndexFile.remove(path);
  const file = await IndexFile.open({ ...optionsIn(tempDir), path });
  try {
    await file.create();
    await file.addColumns(meta.footprintKeys, 0);
    await file.run(`ATTACH '${source}' AS source (READ_ONLY)`);
    for (let copy = 0; copy * meta.rows < jobs; copy += 1) {
      const earlier = `start_time - ${copy} * (SELECT max(start_time) - min(start_time) + 1 FROM source.job)`;
      await file.run(
        `INSERT INTO job BY NAME SELECT * EXCLUDE (newest) REPLACE (id + ${copy} * newest AS id, ${earlier} AS start_time)
          FROM source.job, (SELECT max(id) AS newest FROM source.job) WHERE job.id > newest - ${jobs - copy * meta.rows}`,
      );
    }
    await file.run('DETACH source');
    await file.run('CHECKPOINT');
    return await costOf(async () => {
      await file.writeMeta({ ...meta, rows: jobs, summaries: await buildSummaries(file, SHORT_JOB_S) });
      await file.run('CHECKPOINT');
    });
  } finally {
    file.close();
  }
}

/** The size of the blocks that hold summaries. */
export async function summaryMb(file: IndexFile): Promise<number> {
  const blocks = summariesFor(SHORT_JOB_S).map(
    ({ name }) => `SELECT block_id FROM pragma_storage_info('${name}') WHERE block_id >= 0`,
  );
  const sql = `SELECT count(DISTINCT block_id) AS blocks FROM (${blocks.join(' UNION ALL ')})`;
  const [row] = await file.rows({ sql, parameters: [] });
  return Number(row?.['blocks']) * BLOCK_MB;
}

/** The median in ms of the answers by the summaries and by the jobs, in alternating rounds. */
export async function answerTimes(file: IndexFile, meta: IndexMeta, { question }: Question) {
  const index = { footprintKeys: meta.footprintKeys, readableTags: new Set<bigint>() };
  const queries = [queryFor(question, { ...index, summaries: meta.summaries }), queryFor(question, index)] as const;
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const at of [0, 1] as const) {
      const startedAt = performance.now();
      await file.rows(queries[at]);
      if (round > 0) times[at].push(performance.now() - startedAt); // the first round warms up
    }
  }
  return { bySummaries: percentile(times[0], 0.5), byJobs: percentile(times[1], 0.5) };
}

/** Opens an index. */
export async function inIndex<Result>(
  path: string,
  tempDir: string,
  use: (file: IndexFile, meta: IndexMeta) => Promise<Result>,
): Promise<Result> {
  const file = await IndexFile.open({ ...optionsIn(tempDir), path });
  try {
    const meta = await file.meta();
    if (meta === undefined) throw new Error(`${path} is no index of this version`);
    return await use(file, meta);
  } finally {
    file.close();
  }
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - startedAt) / 1_000, cpuSec: (user + system) / 1e6 };
}
