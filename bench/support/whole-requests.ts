/** The service with its column index, used as by dashboards: complete requests, and many at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DASHBOARD, LISTS, QUESTIONS } from './column-questions.ts';
import type { Files } from './database.ts';
import { each, get } from './http.ts';
import { boundMb, familyOf, sample } from './processes.ts';
import { type Server, startServer } from './server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './table.ts';

const ROUNDS = 5;
const DASHBOARDS = 16;
const DASHBOARD_ROUNDS = 3;
const LIMIT_MB = 3_000;
const READY_LIMIT_MS = 600_000;
const SETTINGS = { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: String(LIMIT_MB) };

interface Size {
  jobs: number;
  /** Whether the limits apply. */
  isFull: boolean;
}

export async function requests(files: Files, { jobs, isFull }: Size): Promise<Check[]> {
  const server = await startServer(files, SETTINGS);
  try {
    await untilReady(server);
    const checks: Check[] = [];
    for (const { name, path } of QUESTIONS) {
      checks.push(fact(`request: ${name}`, spread(await timesOf(server, path))));
    }
    for (const { name, path, most } of LISTS(jobs)) {
      const times = await timesOf(server, path);
      const median = percentile(times, 0.5);
      checks.push(isFull ? atMost(`request: ${name}`, median, most, ' ms') : fact(`request: ${name}`, spread(times)));
    }
    return [...checks, ...(await dashboards(server))];
  } finally {
    await server.stop();
  }
}

/** Waits for the column index. */
export async function untilReady(server: Server): Promise<void> {
  const until = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const { database } = JSON.parse((await get(server, '/api/system')).body);
    if (database.columns.state === 'ready') return;
    if (performance.now() > until) throw new Error(`the index is ${JSON.stringify(database.columns)}`);
    await sleep(100);
  }
}

async function timesOf(server: Server, path: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const { status, ms, body } = await get(server, path);
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    if (round > 0) times.push(ms); // the first round warms up
  }
  return times;
}

/** Each dashboard sends its questions at once, and repeats them after all responses. */
async function dashboards(server: Server): Promise<Check[]> {
  const memory = sample(() => boundMb(familyOf(server.pid)), 50);
  const times: number[] = [];
  let failed = 0;
  const boards = Array.from({ length: DASHBOARDS * DASHBOARD_ROUNDS }, (_, at) => at);
  await each(boards, DASHBOARDS, async (at) => {
    // No two dashboards ask the same: identical questions share one run.
    const paths = DASHBOARD.map((path) => `${path}${path.includes('?') ? '&' : '?'}num-hwthreads=${(at % 97) + 1}-`);
    const answers = await Promise.all(paths.map((path) => get(server, path)));
    for (const { status, ms } of answers) {
      times.push(ms);
      if (status !== 200) failed += 1;
    }
  });
  return [
    atMost(`${DASHBOARDS} dashboards: answers that are no 200`, failed, 0),
    fact(`${DASHBOARDS} dashboards: each of ${shown(times.length)} requests`, spread(times)),
    atMost(`${DASHBOARDS} dashboards: memory of all processes`, Math.max(...memory.stop()), LIMIT_MB, ' MB'),
  ];
}
