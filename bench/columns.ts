/** The column index compared with the SQL, a covering index and bare DuckDB; the cost of building and updating it. */
import { statSync } from 'node:fs';
import { IndexFile } from '../src/column-index/duckdb-file.ts';
import { migrate } from '../src/db/schema/migrate.ts';
import { withAllIndexes } from './support/all-indexes.ts';
import { bareTime } from './support/bare-duckdb.ts';
import { changed } from './support/column-changes.ts';
import { opened, PROCESS_MB } from './support/column-index.ts';
import { QUESTIONS, type Question, STATISTICS } from './support/column-questions.ts';
import { type ColumnTimes, columnTimes, forget } from './support/column-times.ts';
import { type BenchOptions, databaseFor, type Files, withFolder } from './support/database.ts';
import { sqlTimes, withCoveringIndex } from './support/sql-times.ts';
import { atMost, type Check, fact, shown } from './support/table.ts';
import { requests } from './support/whole-requests.ts';

export const JOBS = 200_000;
/** The limits apply to 20 M jobs. With fewer jobs the figures are only shown. */
const FULL = 20_000_000;
const BUILD_US_A_JOB = 12; // 4 minutes
const METRICS = 6;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  await migrate(files.db);
  const isFull = options.jobs >= FULL;
  const checks: Check[] = [];
  const tell = (...more: Check[]) => {
    // The benchmark takes hours, so each result is shown immediately.
    for (const { what, measured } of more) process.stderr.write(`${what}: ${measured}\n`);
    checks.push(...more);
  };
  await withFolder(async (folder) => {
    const indexPath = `${files.db}.columns`;
    if (!options.keep) {
      IndexFile.remove(indexPath);
      tell(...(await built(files.db, folder)));
    }
    const rounds = isFull ? 1 : 3;
    const times: Times[] = [];
    for (const question of QUESTIONS) {
      const columns = await columnTimes(files.db, folder, question);
      // Measured in the same minute, because the speed of the machine may change.
      const bare = await bareTime(indexPath, folder, question);
      const [scan = 0] = await sqlTimes(files.db, folder, [question], rounds);
      times.push({ columns, bare, scan });
    }
    const isCovered = QUESTIONS.filter(({ timesCovering }) => timesCovering !== undefined);
    const covering = await withCoveringIndex(files.db, () => sqlTimes(files.db, folder, isCovered, rounds));
    const all = isFull ? [] : await allIndexTimes(files, options.jobs, { folder, rounds });
    for (const [at, question] of QUESTIONS.entries()) {
      const measured = times[at];
      if (measured === undefined) throw new Error(`${question.name} was not measured`);
      const others = { covering: covering[isCovered.indexOf(question)], all: all[at] };
      tell(line(question, { ...measured, ...others }, isFull));
    }
    if (isFull) tell(await coldScan(files.db, folder));
    tell(...(await requests(files, { isFull, jobs: options.jobs })));
    // Last: its deletions and additions make every scan longer.
    const behind = await opened(files.db, folder);
    tell(...(await changed(files.db, behind)));
    const peakMb = Math.max(behind.peakMb(), ...times.map(({ columns }) => columns.peakMb));
    tell(atMost('peak RSS of the index, MB', peakMb, PROCESS_MB));
    await behind.close();
  });
  return checks;
}

async function built(path: string, folder: string): Promise<Check[]> {
  const startedAt = performance.now();
  const index = await opened(path, folder);
  const usAJob = ((performance.now() - startedAt) * 1000) / index.rows;
  await index.close();
  const bytes = statSync(`${path}.columns`).size / index.rows;
  return [
    atMost('first build, µs a job (4 min at 20 M)', usAJob, BUILD_US_A_JOB),
    fact('first build', `${shown((usAJob * index.rows) / 1e6)} s, peak RSS ${shown(index.peakMb())} MB`),
    atMost(`bytes a job on disk, ${METRICS} metrics`, bytes, 35 + 8 * (METRICS - 4)),
  ];
}

interface Times {
  columns: ColumnTimes;
  bare: number;
  scan: number;
}

interface AllTimes extends Times {
  covering: number | undefined;
  all: number | undefined;
}

/** The speed-up over the SQL grows with the number of jobs, so it has limits only at full size. */
function line(question: Question, times: AllTimes, isFull: boolean): Check {
  const { timesScan = 0, timesCovering = 0 } = isFull ? question : {};
  const { columns, bare, scan, covering, all } = times;
  const ratio = (other: number) => other / columns.warm;
  const beside = (what: string, ms: number | undefined) =>
    ms === undefined ? [] : [`${what} ${shown(ms)} ms: ${shown(ratio(ms))}x`];
  const overBare = columns.warm - (1.3 * bare + 10);
  const measured = [
    `columns ${shown(columns.warm)} ms (cold ${shown(columns.cold)})`,
    `bare DuckDB ${shown(bare)} ms`,
    ...beside('SQL', scan),
    ...beside('covering index', covering),
    ...beside('54 indexes', all),
  ].join('; ');
  const limits = [
    ...(timesScan === 0 ? [] : [`≥ ${timesScan}x`]),
    ...(timesCovering === 0 ? [] : [`≥ ${timesCovering}x covering`]),
    '≤ 1.3 bare + 10 ms',
  ].join(', ');
  const ok = ratio(scan) >= timesScan && (covering === undefined || ratio(covering) >= timesCovering) && overBare <= 0;
  return { what: question.name, limit: limits, measured, ok };
}

/** The times of SQLite for the same questions with the 54 indexes of cc-backend's schema. */
async function allIndexTimes(files: Files, jobs: number, { folder, rounds }: { folder: string; rounds: number }) {
  const { db } = await withAllIndexes(files, jobs);
  return await sqlTimes(db, folder, QUESTIONS, rounds);
}

/** The totals by SQL, over a file that is not cached. */
async function coldScan(path: string, folder: string): Promise<Check> {
  const totals = QUESTIONS.find(({ path }) => path === STATISTICS);
  if (totals === undefined) throw new Error('there is no question for totals');
  forget(path);
  const [ms = 0] = await sqlTimes(path, folder, [totals], 1);
  return fact(`${totals.name}, table scan of a file not in memory`, `${shown(ms)} ms`);
}
