/**
 * The pages without a column index, or with one if an earlier run has built it and --keep is given: time at the server,
 * bytes on the wire, and requested hosts.
 */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { openSqlite } from '../test/support/sqlite.ts';
import { type BenchOptions, databaseFor } from './support/database.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';
import { warm } from './support/warm.ts';
import { untilReady } from './support/whole-requests.ts';

export const JOBS = 2_000_000;
const ROUNDS = 40;
/** Of pages that read many jobs. */
const SLOW_ROUNDS = 5;
const MOST_KB = 100;
const FIRST_PAGE_MS = 60;
const NODE_MS = 150;
const FIND_MS = 50;
const WITH_INDEX = { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: '3000' };
const agent = new Agent({ keepAlive: true });

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const newest = await newestJob(files.db);
  const hasIndex = options.keep && existsSync(`${files.db}.columns`);
  const server = await startServer(files, {
    ...(hasIndex ? WITH_INDEX : {}),
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'support/clock-before.ts')}`,
    REQUEST_TIMEOUT_MS: '120000', // a page that reads all jobs is measured on a busy machine too
    BENCH_BEHIND_MS: String(Date.now() - (newest.startTime + 60) * 1000),
  });
  try {
    if (hasIndex) await untilReady(server);
    await warm(server, 4);
    const checks = [fact('column index', hasIndex ? 'yes' : 'no')];
    const pages: Page[] = [];
    for (const { name, path, rounds = ROUNDS, limit } of pagesOf(newest)) {
      const { times, last } = await timesOf(server, path, rounds);
      pages.push(last);
      const p50 = percentile(times, 0.5);
      const measured = `p50 ${shown(p50)}, p99 ${shown(percentile(times, 0.99))} ms; ${shown(last.bytes / 1024)} KB`;
      checks.push({
        what: `${name} (${rounds})`,
        limit: limit === undefined ? '' : `p50 ≤ ${limit} ms`,
        measured,
        ok: limit === undefined ? undefined : p50 <= limit,
      });
    }
    const largest = Math.max(...pages.map(({ bytes }) => bytes)) / 1024;
    const others = pages.flatMap(({ html }) => hostsIn(html));
    return [
      ...checks,
      atMost('largest page on the wire', largest, MOST_KB, ' KB'),
      atMost('other hosts that a page asks', others.length, 0),
    ];
  } finally {
    await server.stop();
    agent.destroy();
  }
}

interface Measured {
  name: string;
  path: string;
  rounds?: number;
  limit?: number;
}

function pagesOf({ id, jobId, user, project, cluster, host }: NewestJob): Measured[] {
  return [
    { name: '/', path: '/' },
    { name: '/jobs, first page', path: '/jobs', limit: FIRST_PAGE_MS },
    { name: '/jobs, 100 of them', path: '/jobs?items-per-page=100' },
    { name: '/jobs?user={name}', path: `/jobs?user=${user}` },
    { name: '/jobs?sort-by=energy', path: '/jobs?sort-by=energy', rounds: SLOW_ROUNDS },
    { name: '/jobs/{id}, with advice', path: `/jobs/${id}` },
    { name: '/users/{name}', path: `/users/${user}`, rounds: SLOW_ROUNDS },
    { name: '/projects/{name}', path: `/projects/${project}`, rounds: SLOW_ROUNDS },
    { name: '/nodes/{cluster}/{host}', path: `/nodes/${cluster}/${host}`, limit: NODE_MS },
    { name: '/find, the number of a job', path: `/find?q=${jobId}0`, limit: FIND_MS },
    { name: '/find, the beginning of names', path: `/find?q=${user.slice(0, 2)}`, limit: FIND_MS },
    { name: '/find, nothing', path: '/find?q=zzz', limit: FIND_MS },
    { name: '/statistics, of 7 days', path: '/statistics?start-time=last7d', rounds: SLOW_ROUNDS },
    { name: '/statistics, of all jobs', path: '/statistics', rounds: SLOW_ROUNDS },
    { name: '/timeline, 30 days', path: '/timeline', rounds: SLOW_ROUNDS },
    {
      name: '/api/statistics/unused, of 30 days by user',
      path: '/api/statistics/unused?group-by=user&start-time=last30d',
      rounds: SLOW_ROUNDS,
    },
    { name: '/partitions', path: '/partitions', rounds: SLOW_ROUNDS },
    { name: '/unusual', path: '/unusual', rounds: SLOW_ROUNDS },
    { name: '/saved-filters', path: '/saved-filters' },
    { name: '/system', path: '/system' },
    { name: '/login', path: '/login' },
  ];
}

async function timesOf(server: Server, path: string, rounds: number): Promise<{ times: number[]; last: Page }> {
  const times: number[] = [];
  let last = await page(server, path); // warms up
  for (let round = 0; round < rounds; round += 1) {
    last = await page(server, path);
    times.push(last.ms);
  }
  return { times, last };
}

interface Page {
  ms: number;
  bytes: number;
  html: string;
}

/** Requests a page as a browser does. */
function page({ port, token }: Server, path: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const headers = { 'X-Auth-Token': token, 'Accept-Encoding': 'gzip', Accept: 'text/html' };
    request({ port, host: '127.0.0.1', path, headers, agent }, async (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`${path}: ${answer.statusCode}`));
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      const ms = performance.now() - startedAt;
      const body = new Uint8Array(Buffer.concat(chunks));
      const isPacked = answer.headers['content-encoding'] === 'gzip';
      const text = isPacked ? new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip')) : new Blob([body]);
      resolve({ ms, bytes: body.byteLength, html: await new Response(text).text() });
    })
      .on('error', reject)
      .end();
  });
}

/** Addresses of other hosts from which the page loads, or to which it submits a form. */
function hostsIn(html: string): string[] {
  const loaded = /<(?:script|link|img|iframe|form|source)\b[^>]*?\b(?:src|href|action)="((?:[a-z]+:)?\/\/[^"]*)"/gi;
  return [...html.matchAll(loaded)].flatMap(([, address]) => (address === undefined ? [] : [address]));
}

interface NewestJob {
  id: number;
  jobId: number;
  startTime: number;
  user: string;
  project: string;
  cluster: string;
  host: string;
}

async function newestJob(path: string): Promise<NewestJob> {
  const db = openSqlite(path, 1_000);
  try {
    const [row] = await (
      await db.prepare(`SELECT id, job_id AS jobId, start_time AS startTime, hpc_user AS user, project, cluster,
        resources ->> '$[0].hostname' AS host FROM job ORDER BY start_time DESC LIMIT 1`)
    ).all([]);
    return row as unknown as NewestJob;
  } finally {
    db.close();
  }
}
