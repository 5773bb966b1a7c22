/** The pages without a column index: time at the server, bytes on the wire, and requested hosts. */
import { Agent, request } from 'node:http';
import { openSqlite } from '../test/support/sqlite.ts';
import { type BenchOptions, databaseFor } from './support/database.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const ROUNDS = 50;
const SLOW_ROUNDS = 5;
const MOST_KB = 100;
const FIRST_PAGE_MS = 60;
const agent = new Agent({ keepAlive: true });

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const server = await startServer(files);
  try {
    await warm(server, 4);
    const first = await timesOf(server, '/jobs', ROUNDS);
    const checks: Check[] = [
      atMost('/jobs, first page, median', percentile(first, 0.5), FIRST_PAGE_MS, ' ms'),
      fact('/jobs, first page', spread(first)),
    ];
    const { id, user } = await newestJob(files.db);
    const paths = [
      `/jobs?user=${user}`,
      '/jobs?sort-by=energy',
      `/jobs/${id}`,
      '/',
      '/statistics',
      '/system',
      '/login',
    ];
    for (const path of paths) {
      const shownPath = path.replace(String(id), '{id}').replace(user, '{name}');
      checks.push(fact(shownPath, spread(await timesOf(server, path, SLOW_ROUNDS))));
    }
    const pages = await Promise.all(['/jobs', '/jobs?items-per-page=100', ...paths].map((path) => page(server, path)));
    const largest = Math.max(...pages.map(({ bytes }) => bytes)) / 1024;
    const others = pages.flatMap(({ html }) => hostsIn(html));
    return [
      ...checks,
      atMost('largest page on the wire', largest, MOST_KB, ' KB'),
      atMost('other hosts that a page asks', others.length, 0),
      fact('pages on the wire', `${pages.map(({ bytes }) => shown(bytes / 1024)).join(', ')} KB`),
    ];
  } finally {
    await server.stop();
    agent.destroy();
  }
}

async function timesOf(server: Server, path: string, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const { ms } = await page(server, path);
    if (round > 0) times.push(ms); // the first round warms up
  }
  return times;
}

/** Requests a page as a browser does. */
function page({ port, token }: Server, path: string): Promise<{ ms: number; bytes: number; html: string }> {
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

async function newestJob(path: string): Promise<{ id: number; user: string }> {
  const db = openSqlite(path, 1_000);
  try {
    const [row] = await (await db.prepare('SELECT id, hpc_user AS user FROM job ORDER BY start_time DESC LIMIT 1')).all(
      [],
    );
    return row as { id: number; user: string };
  } finally {
    db.close();
  }
}
