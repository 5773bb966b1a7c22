import {
  keptSummary,
  SUMMED_COLUMNS,
  type Summaries,
  type Summary,
  type SummaryName,
  spanAt,
  summariesFor,
} from '../questions/summaries/summary-tables.ts';
import type { IndexFile } from './duckdb-file.ts';
import type { IncomingJobs } from './incoming-jobs.ts';
import { Outdated } from './index-errors.ts';

/** A summary with more rows than this is left out, because it would save too little for its space. */
const MOST_ROWS = { part: 0.2, least: 20_000 };
/** An estimate may exceed the number of rows by a fifth. */
const ESTIMATED = 2;

/** Builds all summaries of the jobs of an index. */
export async function buildSummaries(file: IndexFile, shortJobSec: number): Promise<Summaries> {
  const nothing = Object.fromEntries(summariesFor(shortJobSec).map(({ name }) => [name, 'not built']));
  return (await repairedSummaries(file, { shortJobSec, leftOut: nothing })).summaries;
}

/** Builds the summaries that do not add up or are left out. `built` are those that did not add up. */
export async function repairedSummaries(
  file: IndexFile,
  { shortJobSec, leftOut }: Summaries,
): Promise<{ summaries: Summaries; built: readonly SummaryName[] }> {
  const reasons: Partial<Record<SummaryName, string>> = {};
  const built: SummaryName[] = [];
  for (const summary of summariesFor(shortJobSec)) {
    const { name } = summary;
    if (leftOut[name] === undefined && (await addsUp(file, summary))) continue;
    const reason = await build(file, summary);
    if (reason !== undefined) reasons[name] = reason;
    if (leftOut[name] === undefined) built.push(name);
  }
  return { summaries: { shortJobSec, leftOut: reasons }, built };
}

/** Checks the summaries and leaves out those that have become too large. Throws Outdated if one does not add up. */
export async function checkedSummaries(file: IndexFile, kept: Summaries): Promise<Summaries> {
  const leftOut = { ...kept.leftOut };
  for (const summary of summariesFor(kept.shortJobSec)) {
    const { name } = summary;
    if (leftOut[name] !== undefined) continue;
    if (!(await addsUp(file, summary))) throw new Outdated(`the summary ${name} does not add up to the jobs`);
    const reason = await tooLarge(file, `SELECT count(*) FROM ${name}`);
    if (reason === undefined) continue;
    await file.run(`TRUNCATE ${name}`);
    leftOut[name] = reason;
  }
  return { ...kept, leftOut };
}

/**
 * Replaces the jobs of a condition by the incoming ones in each kept summary. It must run before the table of jobs
 * changes. Adding and subtracting takes 30 ms for 10,000 recent jobs among 20 M, where aggregating their days and months
 * again takes 80. The jobs of the condition are copied first, because each search for 10,000 scattered ones takes 0.3 s.
 * Rows of other spans are excluded by literals, because DuckDB would join them all.
 */
export async function changeSummaries(
  file: IndexFile,
  kept: Summaries,
  gone: { readonly where: string; readonly parameters: readonly string[] },
  incoming: IncomingJobs,
): Promise<void> {
  incoming.finish();
  await file.run(
    `CREATE OR REPLACE TEMP TABLE gone AS SELECT ${SUMMED_COLUMNS} FROM job WHERE ${gone.where}`,
    gone.parameters,
  );
  const changed = ['FROM gone', ...(incoming.rows === 0 ? [] : [`FROM ${incoming.table} WHERE wide_id IS NULL`])];
  const [starts] = await file.rows({
    sql: `SELECT min(start_time) AS first, max(start_time) AS last FROM (${changed.map((from) => `SELECT start_time ${from}`).join(' UNION ALL ')})`,
    parameters: [],
  });
  const [first, last] = [starts?.['first'], starts?.['last']];
  if (typeof first !== 'bigint' || typeof last !== 'bigint') return; // none of the jobs is or was in the index
  for (const { name, spanSec } of summariesFor(kept.shortJobSec)) {
    const summary = keptSummary(name, kept);
    if (summary === undefined) continue;
    const { keys, sums } = summary;
    const values = (sign: '' | '-') =>
      [
        ...keys.map((key) => `${key.of} AS ${key.name}`),
        ...sums.map((sum) => `${sign}(${sum.of}) AS ${sum.name}`),
      ].join();
    const jobs = changed.map((from, at) => `SELECT ${values(at === 0 ? '-' : '')} ${from}`);
    const names = [...keys, ...sums].map((column) => column.name);
    const differences = `SELECT ${keys.map((key) => key.name)}, ${sums.map((sum) => `CAST(sum(${sum.name}) AS ${sum.type}) AS ${sum.name}`)}
      FROM (${jobs.join(' UNION ALL ')}) GROUP BY ALL HAVING ${sums.map((sum) => `sum(${sum.name}) <> 0`).join(' OR ')}`;
    await file.run(
      `MERGE INTO ${name} AS kept USING (${differences}) AS change ON ${keys.map((key) => `kept.${key.name} = change.${key.name}`).join(' AND ')}
        AND kept.span BETWEEN ${spanAt(first, spanSec)} AND ${spanAt(last, spanSec)}
        WHEN MATCHED AND kept.jobs + change.jobs = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET ${sums.map((sum) => `${sum.name} = kept.${sum.name} + change.${sum.name}`)}
        WHEN NOT MATCHED THEN INSERT (${names}) VALUES (${names.map((column) => `change.${column}`)})`,
    );
  }
  await file.run('DROP TABLE temp.gone');
}

/** Fills a summary. Returns the reason if it is left out, and is then empty. */
async function build(file: IndexFile, summary: Summary): Promise<string | undefined> {
  const { name, keys, sums } = summary;
  const keyValues = keys.map((key) => key.of);
  const reason =
    (await tooLarge(file, `SELECT approx_count_distinct(hash(${keyValues})) // ${ESTIMATED} FROM job`)) ??
    (await file
      .transaction(async () => {
        await file.run(`TRUNCATE ${name}`);
        // Equal values next to each other take less space, and DuckDB can skip blocks by their spans.
        await file.run(
          `INSERT INTO ${name} SELECT ${keyValues}, ${sums.map((sum) => `sum(${sum.of})`)} FROM job GROUP BY ALL ORDER BY ALL`,
        );
      })
      .then(() => tooLarge(file, `SELECT count(*) FROM ${name}`), reasonOf));
  if (reason !== undefined) await file.run(`TRUNCATE ${name}`);
  return reason;
}

/** For more groups than the memory can hold. Throws other errors. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  if (/^Out of Memory Error|max_temp_directory_size/i.test(message)) return 'its build needs too much memory';
  throw error;
}

/** Compares the sums over the summary and those over the jobs. */
async function addsUp(file: IndexFile, { name, keys, sums }: Summary): Promise<boolean> {
  const numbers = keys.filter(({ type }) => type === 'INTEGER');
  const summed = [...sums.map((sum) => sum.name), ...numbers.map((key) => `jobs * ${key.name}`)];
  const inJobs = [...sums, ...numbers].map((column) => column.of);
  const list = (values: readonly string[]) => `[${values.map((value) => `coalesce(sum(${value}), 0)`).join(', ')}]`;
  const [row] = await file.rows({
    sql: `SELECT (SELECT ${list(summed)} FROM ${name}) = (SELECT ${list(inJobs)} FROM job) AS "addsUp"`,
    parameters: [],
  });
  return row?.['addsUp'] === true;
}

/** Returns the reason if a number of rows is too large for the number of jobs. */
async function tooLarge(file: IndexFile, rows: string): Promise<string | undefined> {
  const { part, least } = MOST_ROWS;
  const [row] = await file.rows({
    sql: `SELECT (${rows}) > greatest(${least}, (SELECT count(*) FROM job) * ${part}) AS "isTooLarge"`,
    parameters: [],
  });
  return row?.['isTooLarge'] === true ? `it would have more than ${part * 100} % of the rows of the jobs` : undefined;
}
