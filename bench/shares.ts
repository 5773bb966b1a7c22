/** One user on 300 connections with the heaviest questions, and the effect on another user. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files } from './support/database.ts';
import { get } from './support/http.ts';
import { probe } from './support/probing.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, spread } from './support/table.ts';
import { systemOf } from './support/warm.ts';

export const JOBS = 100_000;
const CONNECTIONS = 300;
const LENGTH_MS = 15_000;
const EVERY_MS = 50;
/** Time before other users are measured, so that the queue is full. */
const FILLING_MS = 3_000;
const INDEX_LIMIT_MS = 120_000;
/** The other user may wait longer by this ratio, or by an imperceptible time. */
const MOST = { ratio: 5, ms: 100 };

const LIGHT = { list: '/api/jobs/?items-per-page=25', count: '/api/jobs/count?state=failed' };
const METRICS = ['flops_any', 'mem_bw', 'mem_used', 'cpu_load'].map((metric) => `metric=${metric}`).join('&');
const HEAVY: Readonly<Record<string, string>> = {
  'statistics by project': '/api/statistics/jobs?group-by=project&start-time=$N-',
  'lists of 5,000 with metadata': '/api/jobs/?items-per-page=5000&with-metadata=1&start-time=$N-',
  'histograms of 4 metrics': `/api/statistics/histograms?${METRICS}&metric-bins=100&start-time=$N-`,
};

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return [...(await measured(files, 'off')), ...(await measured(files, 'on'))];
}

async function measured(files: Files, index: 'on' | 'off'): Promise<Check[]> {
  const server = await startServer(files, { COLUMN_INDEX: index });
  try {
    if (index === 'on') await indexReady(server);
    const other = { port: server.port, token: await server.tokenOf('other', ['admin', 'api']) };
    for (const path of Object.values(LIGHT)) for (let times = 0; times < 20; times += 1) await get(other, path);
    const quiet = await light(other);
    const loads = { ...HEAVY, 'plots of a job, in turn with all of these': '' };
    const plots = await archivedJob(server); // now, because a connection that is idle for five seconds is closed
    const checks: Check[] = [];
    for (const [name, path] of Object.entries(loads)) {
      const paths = path === '' ? [...Object.values(HEAVY), plots] : [path];
      const heavy = await load(server, paths);
      await sleep(FILLING_MS);
      const busy = await light(other);
      const statuses = await heavy.stop();
      checks.push(fact(`index ${index}, ${name}`, `answers ${JSON.stringify(statuses)}`));
      for (const what of ['list', 'count'] as const) {
        const quietMs = percentile(quiet[what].timesMs, 0.95);
        const limitMs = Math.max(MOST.ms, quietMs * MOST.ratio);
        const busyMs = percentile(busy[what].timesMs, 0.95);
        checks.push(
          atMost(`another's ${what}, p95`, busyMs, limitMs, ' ms'),
          fact(`another's ${what}`, `${spread(busy[what].timesMs)}; quiet p95 ${quietMs.toFixed(1)} ms`),
          fact('ratio', (busyMs / quietMs).toFixed(1)),
          atMost(`another's ${what}: answers other than 200`, busy[what].failed, 0),
        );
      }
    }
    return checks;
  } finally {
    await server.stop();
  }
}

/** Requests a list and a count every 50 ms each. */
async function light(target: { port: number; token: string }) {
  const list = probe(target, LIGHT.list, EVERY_MS);
  const count = probe(target, LIGHT.count, EVERY_MS);
  await sleep(LENGTH_MS / 2);
  return { list: await list.stop(), count: await count.stop() };
}

async function load({ port, token }: Server, paths: readonly string[]) {
  const program = join(import.meta.dirname, 'support/many-connections.ts');
  const child = fork(program, [String(port), String(CONNECTIONS), ...paths], {
    env: { PATH: process.env['PATH'], TOKEN: token },
    execArgv: [],
  });
  return {
    async stop() {
      const answered = once(child, 'message');
      child.send('stop');
      const [statuses] = (await answered) as [Record<string, number>];
      return statuses;
    },
  };
}

/** The plots of a large job with archived data. */
async function archivedJob(server: Server): Promise<string> {
  const { body } = await get(server, '/api/jobs/?items-per-page=1&state=completed&num-nodes=8-');
  const { jobs } = JSON.parse(body) as { jobs: { id: number }[] };
  return `/api/jobs/metrics/${jobs[0]?.id ?? 1}`;
}

async function indexReady(server: Server): Promise<void> {
  const until = performance.now() + INDEX_LIMIT_MS;
  while (performance.now() < until) {
    const { columns } = (await systemOf(server)).database as { columns?: { state: string } };
    if (columns?.state === 'ready') return;
    await sleep(200);
  }
  throw new Error('the column index was not ready in time');
}
