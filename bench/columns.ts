/** The column index beside the SQL, a covering index, and bare DuckDB; what it costs to build, to follow and to have. */
import { statSync } from 'node:fs';
import { IndexFile } from '../src/columns/index-file.ts';
import { migrate } from '../src/db/migrate.ts';
import { bareTimes } from './support/bare-duckdb.ts';
import { changed } from './support/column-changes.ts';
import { type Indexed, opened, PROCESS_MB } from './support/column-index.ts';
import { QUESTIONS, type Question } from './support/column-questions.ts';
import { type BenchOptions, databaseFor, withFolder } from './support/database.ts';
import { sqlTimes, withCoveringIndex } from './support/sql-times.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';
import { requests } from './support/whole-requests.ts';

export const JOBS = 200_000;
const ROUNDS = 5;
/** The figures of the issue are those of 20 M jobs: below, the same is only shown. */
const FULL = 20_000_000;
const BUILD_US_A_JOB = 9; // 3 minutes
const METRICS = 6;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  await migrate(files.db);
  const isFull = options.jobs >= FULL;
  const checks: Check[] = [];
  const tell = (...more: Check[]) => {
    // Hours of work: each result is there as soon as it is known.
    for (const { what, measured } of more) process.stderr.write(`${what}: ${measured}\n`);
    checks.push(...more);
  };
  await withFolder(async (folder) => {
    const indexPath = `${files.db}.columns`;
    if (!options.keep) {
      IndexFile.remove(indexPath);
      tell(...(await built(files.db, folder)));
    }
    const index = await opened(files.db, folder); // another process, which finds the file
    const rounds = isFull ? 1 : 3;
    const columns: Times[] = [];
    const scans: number[] = [];
    for (const question of QUESTIONS) {
      columns.push(await timesOf(index, question.statement));
      scans.push(...(await sqlTimes(files.db, folder, [question], rounds)));
    }
    await index.close();

    const bare = await bareTimes(indexPath, folder, QUESTIONS, ROUNDS);
    const isCovered = QUESTIONS.filter(({ timesCovering }) => timesCovering !== undefined);
    const covering = await withCoveringIndex(files.db, () => sqlTimes(files.db, folder, isCovered, rounds));
    for (const [at, question] of QUESTIONS.entries()) {
      const times = {
        columns: columns[at],
        bare: bare[at],
        scan: scans[at],
        covering: covering[isCovered.indexOf(question)],
      };
      tell(...lines(question, times, isFull));
    }
    tell(...(await requests(files, { isFull, jobs: options.jobs })));
    // Last: what it deletes and adds makes every scan longer.
    const behind = await opened(files.db, folder);
    tell(...(await changed(files.db, behind)));
    tell(atMost('peak RSS of the index, MB', Math.max(index.peakMb(), behind.peakMb()), PROCESS_MB));
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
    atMost('first build, µs a job (3 min at 20 M)', usAJob, BUILD_US_A_JOB),
    fact('first build', `${shown((usAJob * index.rows) / 1e6)} s, peak RSS ${shown(index.peakMb())} MB`),
    atMost(`bytes a job on disk, ${METRICS} metrics`, bytes, 35 + 8 * (METRICS - 4)),
  ];
}

/** The first answer of a process, and the median of those behind it, ms. */
interface Times {
  first: number;
  warm: number;
}

async function timesOf(index: Indexed, statement: Question['statement']): Promise<Times> {
  const first = await index.ask(statement);
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) warm.push(await index.ask(statement));
  return { first, warm: percentile(warm, 0.5) };
}

function lines(
  { name, timesScan = 0, timesCovering = 0 }: Question,
  times: {
    columns: Times | undefined;
    bare: number | undefined;
    scan: number | undefined;
    covering: number | undefined;
  },
  isFull: boolean,
): Check[] {
  const { columns = { first: 0, warm: 0 }, bare = 0, scan = 0, covering } = times;
  const ratio = (other: number) => other / columns.warm;
  const overBare = columns.warm - (1.3 * bare + 10);
  const measured = [
    `columns ${shown(columns.warm)} ms (first ${shown(columns.first)})`,
    `bare DuckDB ${shown(bare)} ms`,
    `SQL ${shown(scan)} ms: ${shown(ratio(scan))}x`,
    ...(covering === undefined ? [] : [`covering index ${shown(covering)} ms: ${shown(ratio(covering))}x`]),
  ].join('; ');
  const limits = [
    ...(timesScan === 0 ? [] : [`≥ ${timesScan}x`]),
    ...(timesCovering === 0 ? [] : [`≥ ${timesCovering}x covering`]),
    '≤ 1.3 bare + 10 ms',
  ].join(', ');
  const ok = ratio(scan) >= timesScan && (covering === undefined || ratio(covering) >= timesCovering) && overBare <= 0;
  return [{ what: name, limit: limits, measured, ok: isFull ? ok : overBare <= 0 }];
}
