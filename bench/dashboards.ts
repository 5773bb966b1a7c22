/**
 * What dashboards ask, by the summaries of the column index and by its table of jobs, in alternating rounds; then 16
 * dashboards at once, and a count meanwhile.
 */
import { type BenchOptions, databaseFor } from './support/database.ts';
import { each, get } from './support/http.ts';
import { probe } from './support/probing.ts';
import { boundMb, childrenOf, rssMb, sample } from './support/processes.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { untilReady } from './support/whole-requests.ts';

export const JOBS = 200_000;
/** The limits in ms are for this many jobs. */
const FULL = 20_000_000;
const ROUNDS = 7;
const MOST_TRIES = 20;
const DASHBOARDS = 16;
const COUNT_EVERY_MS = 50;
/** Matches every job, but no summary knows durations: the jobs answer. */
const FROM_JOBS = 'duration=0-';

const END_SEC = 1_764_000_000;
/** 90 days to the second. */
const RECENT = `start-time=${END_SEC - 90 * 86_400 + 4_321}-${END_SEC - 1_234}`;

const STATISTICS = '/api/statistics/jobs';
const HISTOGRAMS = '/api/statistics/histograms';
const METRICS = `${HISTOGRAMS}?metric=flops_any&metric=mem_bw`;
/** Totals, users and four histograms at once. */
const OVERVIEW = '/api/statistics/overview?group-by=user&items-per-page=10&sort-by=totalWalltime';
const QUESTIONS: readonly { name: string; path: string; mostMs: number }[] = [
  { name: 'totals, all time', path: STATISTICS, mostMs: 40 },
  { name: 'totals of 90 days', path: `${STATISTICS}?${RECENT}`, mostMs: 30 },
  { name: 'by user', path: `${STATISTICS}?group-by=user&items-per-page=10&sort-by=totalWalltime`, mostMs: 60 },
  { name: 'by project', path: `${STATISTICS}?group-by=project&items-per-page=10&sort-by=totalWalltime`, mostMs: 90 },
  { name: 'by cluster', path: `${STATISTICS}?group-by=cluster`, mostMs: 60 },
  { name: 'four histograms', path: HISTOGRAMS, mostMs: 140 },
  { name: 'two metric histograms and these', path: METRICS, mostMs: 350 },
  { name: 'totals, by user and four histograms at once', path: OVERVIEW, mostMs: 100 },
];

/** The requests of a dashboard. Its filter is unlike that of every other one. */
const BOARD = [OVERVIEW, '/api/jobs/?items-per-page=25'];
const BOARD_WITH_METRICS = [`${OVERVIEW}&metric=flops_any&metric=mem_bw`, '/api/jobs/?items-per-page=25'];
const FILTERS = ['cluster=fern', 'state=completed', 'num-nodes=2-', 'num-hwthreads=64-', RECENT, 'num-acc=1-'];

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const server = await startServer(files, { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: '3000' });
  try {
    await untilReady(server);
    const isFull = options.jobs >= FULL;
    return [
      ...(await single(server, isFull)),
      ...(await boards(server, BOARD, isFull ? 2_000 : undefined)),
      ...(await boards(server, BOARD_WITH_METRICS, isFull ? 6_000 : undefined)),
      fact('RSS of the process of the index', `${shown(Math.max(...childrenOf(server.pid).map(rssMb)))} MB`),
    ];
  } finally {
    await server.stop();
  }
}

async function single(server: Server, isFull: boolean): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { name, path, mostMs } of QUESTIONS) {
    const fromJobs = withFilter(path, FROM_JOBS);
    const times: { summary: number[]; jobs: number[] } = { summary: [], jobs: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const { summary, jobs } = await both(server, path, fromJobs);
      if (round === 0) continue; // it warms up
      times.summary.push(summary.ms);
      times.jobs.push(jobs.ms);
    }
    const [ms, jobsMs] = [percentile(times.summary, 0.5), percentile(times.jobs, 0.5)];
    checks.push(
      isFull ? atMost(name, ms, mostMs, ' ms') : fact(name, `${shown(ms)} ms`),
      fact(`${name}: by the table of jobs`, `${shown(jobsMs)} ms, ${shown(jobsMs / ms)} times as long`),
    );
  }
  return checks;
}

/**
 * The answers of the summaries and of the jobs. The time of running jobs is part of them, so they are equal only within
 * the same second.
 */
async function both(server: Server, path: string, fromJobs: string) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const summary = await asked(server, path);
    const jobs = await asked(server, fromJobs);
    if (summary.body === jobs.body) return { summary, jobs };
  }
  throw new Error(`${path}: the summaries and the jobs have different answers`);
}

/** Every dashboard belongs to another user, and sends its requests at once. */
async function boards(server: Server, paths: readonly string[], mostMs: number | undefined): Promise<Check[]> {
  const what = `${DASHBOARDS} dashboards${paths === BOARD ? '' : ' with two metric histograms'}`;
  const users = await Promise.all(
    Array.from({ length: DASHBOARDS }, (_, at) => server.tokenOf(`user${at}`, ['admin', 'api'])),
  );
  const memory = sample(() => boundMb([server.pid, ...childrenOf(server.pid)]), 50);
  const count = probe(server, '/api/jobs/count?state=failed', COUNT_EVERY_MS);
  const times: number[] = [];
  let failed = 0;
  await each(
    Array.from({ length: 3 * DASHBOARDS }, (_, at) => at),
    DASHBOARDS,
    async (at) => {
      const startedAt = performance.now();
      const filter = `${FILTERS[at % FILTERS.length]}&user.not=nobody${at}`;
      const user = { ...server, token: users[at % DASHBOARDS] ?? '' };
      const answers = await Promise.all(paths.map((path) => get(user, withFilter(path, filter))));
      times.push(performance.now() - startedAt);
      failed += answers.filter(({ status }) => status !== 200).length;
    },
  );
  const counted = await count.stop();
  return [
    atMost(`${what}: answers other than 200`, failed + counted.failed, 0),
    mostMs === undefined
      ? fact(`${what}: until all are there`, spread(times))
      : atMost(
          `${what}: until all are there, p99 (p50 ${shown(percentile(times, 0.5))} ms)`,
          percentile(times, 0.99),
          mostMs,
          ' ms',
        ),
    ...(mostMs === undefined
      ? []
      : [atMost('… a count meanwhile, p99', percentile(counted.timesMs, 0.99), 100, ' ms')]),
    fact('… a count meanwhile', spread(counted.timesMs)),
    fact(
      '… waits for a lane',
      JSON.stringify(JSON.parse((await get(server, '/api/system')).body).database.columns.lanes),
    ),
    fact('… memory of all processes', `${shown(Math.max(...memory.stop()))} MB`),
  ];
}

async function asked(server: Server, path: string) {
  const answer = await get(server, path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return answer;
}

function withFilter(path: string, filter: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${filter}`;
}
