/** The service with a column index, as an operator starts it. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { jobs } from '../support/column-index.ts';
import { migrated, run, serve } from '../support/command-line.ts';
import { openSqlite } from '../support/sqlite.ts';

const System = z.object({
  database: z.object({
    columns: z
      .object({
        state: z.string(),
        answers: z.number().optional(),
        rows: z.number().optional(),
        summariesLeftOut: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
  }),
  sizing: z.object({ columnsMb: z.number() }),
});

async function systemOf(url: string) {
  return System.parse(await (await fetch(`${url}/api/system`)).json());
}

async function readyAt(url: string): Promise<void> {
  await expect.poll(async () => (await systemOf(url)).database.columns?.state).toBe('ready');
}

test('a statistic knows the job that was just started, and the answers are those without an index', async () => {
  const cwd = await migrated();
  expect(await run(cwd, ['generate', '--jobs', '2000', '--archived', '0'])).toMatchObject({ code: 0 });
  const paths = [
    '/api/statistics/jobs?group-by=user&sort-by=totalCoreHours&state=completed',
    '/api/statistics/histograms?bins=1h&metric=flops_any&metric=mem_bw&state=completed',
    '/api/statistics/overview?group-by=user&sort-by=totalCoreHours&bins=6h&metric=flops_any&state=completed',
    '/api/jobs/count?node.contains=1',
  ];
  const answersOf = async (url: string) =>
    await Promise.all(paths.map(async (path) => await (await fetch(url + path)).json()));
  const plain = await serve(cwd);
  const expected = await answersOf(plain.url);
  plain.service.child.kill('SIGTERM');
  await plain.service.ended;

  const { service, url } = await serve(cwd, { COLUMN_INDEX: 'on' });
  await readyAt(url);
  expect(await answersOf(url)).toEqual(expected);
  for (let id = 1; id <= 5; id += 1) {
    const body = JSON.stringify({
      ...{ jobId: 9_000_000 + id, user: 'ada', project: 'p', cluster: 'fern', subCluster: 'main', numNodes: 1 },
      ...{
        startTime: Math.floor(Date.now() / 1000) - 100,
        shared: 'none',
        walltime: 60,
        resources: [{ hostname: 'f0001' }],
      },
    });
    const started = await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', body });
    expect(started.status, await started.text()).toBe(201);
    const counted = await fetch(`${url}/api/jobs/count?user=ada`);
    expect(await counted.json()).toEqual({ count: id });
  }
  const { database, sizing } = await systemOf(url);
  expect([database.columns?.answers, sizing.columnsMb]).toEqual([9, 600]); // all histograms are one question
  expect(database.columns?.rows).toBe(2_005);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
  const log = statSync(join(cwd, 'var/job.db-wal'), { throwIfNoEntry: false });
  expect(log?.size ?? 0).toBe(0); // the file alone is the database
}, 300_000);

/** Fewer rows than 20,000 are kept whatever the number of jobs. */
const MANY = 50_000;

test('a summary that would be too large is left out: the log and /api/system say so, and answers stay exact', async () => {
  const cwd = await migrated();
  const db = openSqlite(join(cwd, 'var/job.db'), 5_000);
  await db.exec(`${jobs(1, MANY)} UPDATE job SET num_nodes = id`);
  db.close();
  const { service, url } = await serve(cwd, { COLUMN_INDEX: 'on' });
  await readyAt(url);
  await service.says(/the column index leaves out summaries/);
  const reason = 'it would have more than 20 % of the rows of the jobs';
  const { columns } = (await systemOf(url)).database;
  expect(columns?.summariesLeftOut).toMatchObject({ jobs_by_day: reason, jobs_by_month: reason });
  const totals = await fetch(`${url}/api/statistics/jobs`);
  expect(await totals.json()).toMatchObject({ statistics: [{ totalJobs: MANY, totalNodes: (MANY * (MANY + 1)) / 2 }] });
  expect((await systemOf(url)).database.columns?.answers).toBe(1);
}, 300_000);
