/** The health check and writes through the port, while every reader is busy with scans. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline } from '../src/deadline.ts';
import { visibleTo } from '../src/jobs/visibility.ts';
import { countJobs } from '../src/questions/count/sqlite.ts';
import { jobStatistics } from '../src/questions/statistics/sqlite.ts';
import { type BenchOptions, copyOf, databaseFor, type Files, withFolder } from './support/database.ts';
import { HEAVY } from './support/heavy.ts';
import { get } from './support/http.ts';
import { ownJobs } from './support/jobs.ts';
import { benchPool, READERS } from './support/pool.ts';
import { probe } from './support/probing.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, spread } from './support/table.ts';
import { systemOf, warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const LENGTH_MS = 15_000;
const SCAN_LIMIT_MS = 2_000;
const WRITE_LIMIT_MS = 5_000;
const WRITE_EVERY_MS = 20;
const EVERYONE = { name: 'bench', roles: new Set(['admin', 'api'] as const), projects: [] };

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const health = await healthChecks(files);
  return await withFolder(async (folder) => [...health, ...(await writes(await copyOf(files, folder)))]);
}

async function healthChecks(files: Files): Promise<Check[]> {
  const server = await startServer(files, { REQUEST_TIMEOUT_MS: String(SCAN_LIMIT_MS) });
  try {
    await warm(server, READERS);
    const idle = probe(server, '/healthz');
    await sleep(LENGTH_MS / 3);
    const { timesMs: idleMs } = await idle.stop();
    const busy = probe(server, '/healthz');
    const until = performance.now() + LENGTH_MS;
    let scans = 0;
    const scan = async () => {
      while (performance.now() < until) await get(server, HEAVY[scans++ % HEAVY.length] ?? '');
    };
    await Promise.all(Array.from({ length: READERS * 2 }, scan));
    const { timesMs, failed } = await busy.stop();
    const { counters } = (await systemOf(server)).database;
    return [
      atMost('/healthz with every reader busy, p99', percentile(timesMs, 0.99), 20, ' ms'),
      fact('/healthz busy', spread(timesMs)),
      fact('/healthz with idle readers', spread(idleMs)),
      atMost('/healthz: answers other than 200', failed, 0),
      fact('meanwhile', `${scans} scans, ${counters['timeouts']} timed out, ${counters['replacements']} replacements`),
    ];
  } finally {
    await server.stop();
  }
}

async function writes({ db: path }: Files): Promise<Check[]> {
  const db = await benchPool(path);
  try {
    const timesMs: number[] = [];
    const jobs = ownJobs();
    const until = performance.now() + LENGTH_MS;
    const statements = [
      countJobs(visibleTo(EVERYONE, [{ kind: 'text', field: 'job-name', operator: 'contains', values: ['zzzz'] }])),
      jobStatistics(visibleTo(EVERYONE), { nowSec: 0, shortJobSec: 300, groupBy: ['user'] }),
    ];
    let scans = 0;
    const scan = async () => {
      while (performance.now() < until) {
        const deadline = startDeadline(SCAN_LIMIT_MS);
        const statement = statements[scans++ % 2] ?? statements[0];
        if (statement !== undefined) await db.read<unknown>(statement, deadline).catch(() => {});
        deadline.clear();
      }
    };
    const write = async () => {
      await sleep(500); // by then the readers have started
      while (performance.now() < until) {
        const deadline = startDeadline(WRITE_LIMIT_MS);
        const startedAt = performance.now();
        await db.write('insertJobs', jobs.next().value.input, deadline);
        timesMs.push(performance.now() - startedAt);
        deadline.clear();
        await sleep(WRITE_EVERY_MS);
      }
    };
    await Promise.all([...Array.from({ length: READERS * 2 }, scan), write()]);
    return [
      atMost('one job written through the port meanwhile, p99', percentile(timesMs, 0.99), 100, ' ms'),
      fact('writes', spread(timesMs)),
    ];
  } finally {
    await db.close(1_000);
  }
}
