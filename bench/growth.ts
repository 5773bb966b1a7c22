/** The questions of a dashboard with a twentieth, a quarter, a half and all of the jobs: how the times grow. */
import { existsSync } from 'node:fs';
import { migrate } from '../src/db/schema/migrate.ts';
import { bareTime } from './support/bare-duckdb.ts';
import { opened } from './support/column-index.ts';
import { QUESTIONS } from './support/column-questions.ts';
import { columnTimes } from './support/column-times.ts';
import { type BenchOptions, generated, withFolder } from './support/database.ts';
import { sqlTimes } from './support/sql-times.ts';
import { atMost, type Check, fact, shown } from './support/table.ts';

export const JOBS = 200_000;
const PARTS = [1 / 20, 1 / 4, 1 / 2, 1];
/** Growth of the time for twenty times as many jobs. More would be worse than linear. */
const MOST_GROWTH = 20 * 1.3;

/** Times of the questions in ms, in their order. */
interface Size {
  jobs: number;
  columns: number[];
  bare: number[];
  scan: number[];
}

export async function run({ jobs }: BenchOptions): Promise<Check[]> {
  const sizes: Size[] = [];
  for (const part of PARTS) sizes.push(await measured(Math.round(jobs * part)));
  return QUESTIONS.flatMap(({ name }, at) => {
    const all = (times: 'columns' | 'bare' | 'scan') => sizes.map((size) => size[times][at] ?? 0);
    const [columns, scans] = [all('columns'), all('scan')];
    const list = (values: readonly number[], unit: string) => `${values.map(shown).join(', ')}${unit}`;
    const times = scans.map((scan, size) => scan / (columns[size] ?? Number.NaN));
    const counts = sizes.map((size) => size.jobs.toLocaleString('en-US')).join('; ');
    const growth = (columns.at(-1) ?? 0) / (columns[0] ?? Number.NaN);
    return [
      fact(
        `${name}: ${counts} jobs`,
        `columns ${list(columns, ' ms')}; bare DuckDB ${list(all('bare'), ' ms')}; SQL ${list(scans, ' ms')}: ${list(times, 'x')}`,
      ),
      atMost(`${name}: 20 times the jobs take times as long`, growth, MOST_GROWTH),
    ];
  });
}

/** Keeps the database and its index for the next run. */
async function measured(jobs: number): Promise<Size> {
  const { db } = await generated(jobs, 0);
  await migrate(db);
  return await withFolder(async (folder) => {
    if (!existsSync(`${db}.columns`)) await (await opened(db, folder)).close();
    const size: Size = { jobs, columns: [], bare: [], scan: [] };
    for (const question of QUESTIONS) {
      size.columns.push((await columnTimes(db, folder, question)).warm);
      size.bare.push(await bareTime(`${db}.columns`, folder, question));
      size.scan.push(...(await sqlTimes(db, folder, [question], 1)));
    }
    for (const [at, { name }] of QUESTIONS.entries()) {
      process.stderr.write(`${jobs} jobs, ${name}: ${shown(size.columns[at] ?? 0)} ms\n`);
    }
    return size;
  });
}
