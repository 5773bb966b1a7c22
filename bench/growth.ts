/**
 * The column index with a twentieth, a quarter, all and five times the jobs: how its answers, its file and the build of its
 * summaries grow. The others are made from that of all jobs, the largest one if the disk has space for it.
 */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { migrate } from '../src/db/schema/migrate.ts';
import { QUESTIONS } from './support/column-questions.ts';
import { type BenchOptions, generated, withFolder } from './support/database.ts';
import { answerTimes, builtAnew, inIndex, madeIndex, summaryMb } from './support/index-build.ts';
import { atMost, type Check, fact, shown } from './support/table.ts';

export const JOBS = 200_000;
const PARTS = [1 / 20, 1 / 4, 1, 5];
/** More than this part of the growth of the jobs would be worse than linear. */
const MOST_GROWTH = 1.3;
/** Free space that the largest index needs, in bytes a job. DuckDB writes a second copy of what it changes. */
const SPACE = 150;
/** The straight line through the figures is followed to so many times the jobs. */
const FAR = 10;
/** Those that a dashboard asks of all jobs. */
const ASKED = QUESTIONS.slice(0, 6);
const SUMMARIES = 'summaries, MB';
/** The most bytes that the summaries may add to each job. */
const SUMMARY_BYTES = 8;

/** The figures of an index by name. Each size has the same names. */
type Figures = Readonly<Record<string, number>>;

export async function run({ jobs, keep }: BenchOptions): Promise<Check[]> {
  const { db } = await generated(jobs, 0);
  const { bavail, bsize } = statfsSync(dirname(db));
  const most = Math.max(jobs, (bavail * bsize) / SPACE);
  const counts = PARTS.map((part) => Math.round(jobs * part)).filter((count) => count <= most);
  const sizes: Figures[] = [];
  const checks: Check[] = [];
  await withFolder(async (folder) => {
    if (!keep) {
      await migrate(db);
      const { seconds, cpuSec } = await builtAnew(db, folder);
      checks.push(fact('build of the index', `${shown(seconds)} s, ${shown(cpuSec)} s of CPU`));
    }
    for (const count of counts) sizes.push(await measured(`${db}.columns`, count, folder, keep));
  });
  const all = sizes.at(-1) ?? {};
  for (const [name, last] of Object.entries(all)) {
    const values = sizes.map((size) => size[name] ?? Number.NaN);
    const growth = last / (values[0] ?? Number.NaN);
    const far = lineThrough(counts, values)(FAR * jobs);
    const measured = `${values.map(shown).join('; ')}: ${shown(growth)} times; by the line ${shown(far)}`;
    const mostGrowth = ((counts.at(-1) ?? 0) / (counts[0] ?? 1)) * MOST_GROWTH;
    checks.push({ ...atMost(name, growth, mostGrowth, ' times'), measured });
  }
  checks.push(
    atMost('bytes a job of the summaries', ((all[SUMMARIES] ?? 0) * 1e6) / (counts.at(-1) ?? jobs), SUMMARY_BYTES),
  );
  return checks;
}

/** Keeps the index for a run with --keep. */
async function measured(source: string, jobs: number, folder: string, keep: boolean): Promise<Figures> {
  const path = `${source}-${jobs}`;
  const figures: Record<string, number> = {};
  const tell = (name: string, value: number) => {
    figures[name] = value;
    process.stderr.write(`${shown(jobs)} jobs, ${name}: ${shown(value)}\n`);
  };
  if (!keep || !existsSync(path)) {
    const { seconds, cpuSec } = await madeIndex(source, jobs, path, folder);
    tell('build of the summaries, s', seconds);
    tell('build of the summaries, s of CPU', cpuSec);
  }
  await inIndex(path, folder, async (file, meta) => {
    tell('index, MB', statSync(path).size / 1e6);
    tell(SUMMARIES, await summaryMb(file));
    for (const question of ASKED) {
      const { bySummaries, byJobs } = await answerTimes(file, meta, question);
      tell(`${question.name}, ms`, bySummaries);
      tell(`${question.name}, ms by the table of jobs`, byJobs);
    }
  });
  return figures;
}

/** The straight line with the least squares of distances. */
function lineThrough(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const product = mean(xs.map((x, at) => (x - x0) * ((ys[at] ?? 0) - y0)));
  const slope = product / mean(xs.map((x) => (x - x0) ** 2));
  return (x) => y0 + slope * (x - x0);
}
