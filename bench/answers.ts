/** What people ask about waits and other numbers of jobs, each question next to the limit of its answer. */
import { type BenchOptions, databaseFor, END_SEC } from './support/database.ts';
import { get } from './support/http.ts';
import { childrenOf, rssMb } from './support/processes.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { untilReady } from './support/whole-requests.ts';

export const JOBS = 200_000;
/** The limits in ms are for this many jobs. */
const FULL = 20_000_000;
const ROUNDS = 5;

const PERCENTILES = '/api/statistics/percentiles';
const STATISTICS = '/api/statistics/jobs';
/** Five years that end with the generated jobs. */
const TIMELINE = `/api/statistics/timeline?range=${END_SEC - 5 * 365 * 86_400}-${END_SEC}`;
const QUESTIONS: readonly { name: string; path: string; mostMs?: number }[] = [
  { name: 'waiting percentiles by partition', path: `${PERCENTILES}?of=wait&group-by=partition`, mostMs: 500 },
  { name: 'waiting percentiles of all jobs', path: `${PERCENTILES}?of=wait` },
  { name: 'waiting percentiles by user', path: `${PERCENTILES}?of=wait&group-by=user` },
  { name: 'percentiles of the walltime used by partition', path: `${PERCENTILES}?of=walltime-used&group-by=partition` },
  { name: 'percentiles of the cores used by partition', path: `${PERCENTILES}?of=cores-used&group-by=partition` },
  {
    name: 'hours not used by user',
    path: '/api/statistics/unused?group-by=user&sort-by=idleCoreHours&items-per-page=10',
  },
  { name: 'jobs that used at most a tenth of their cores', path: '/api/jobs/count?cores-used=-0.1' },
  { name: 'percentiles of the energy by partition', path: `${PERCENTILES}?of=energy&group-by=partition` },
  {
    name: 'percentiles of a metric by partition',
    path: `${PERCENTILES}?of=metric.flops_any_avg&group-by=partition`,
  },
  { name: 'totals by month', path: `${STATISTICS}?group-by=month` },
  { name: 'totals by month in a zone', path: `${STATISTICS}?group-by=month&zone=Europe/Berlin` },
  {
    name: 'totals by user and month',
    path: `${STATISTICS}?group-by=user,month&sort-by=totalCoreHours&items-per-page=100`,
  },
  { name: 'totals by hour of day', path: `${STATISTICS}?group-by=hour&zone=Europe/Berlin` },
  { name: 'totals by job name family', path: `${STATISTICS}?group-by=name-family&items-per-page=100` },
  { name: 'totals by tag', path: `${STATISTICS}?group-by=tag` },
  { name: 'totals by node', path: `${STATISTICS}?group-by=node` },
  { name: 'timeline by month and cluster', path: `${TIMELINE}&bucket=month&group-by=cluster`, mostMs: 1_000 },
  { name: 'timeline by day, ten users', path: `${TIMELINE}&bucket=day&group-by=user&top=10`, mostMs: 2_000 },
];

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const server = await startServer(files, { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: '3000' });
  try {
    await untilReady(server);
    const checks: Check[] = [];
    for (const { name, path, mostMs } of QUESTIONS) {
      const times: number[] = [];
      const statuses = new Set<number>();
      for (let round = 0; round <= ROUNDS; round += 1) {
        const { status, ms } = await get(server, path);
        statuses.add(status);
        if (round > 0) times.push(ms); // the first round warms up
      }
      checks.push(
        ...[...statuses].filter((status) => status !== 200).map((status) => atMost(`${name}: ${status}`, 1, 0)),
      );
      const isLimited = options.jobs >= FULL && mostMs !== undefined;
      checks.push(isLimited ? atMost(name, percentile(times, 0.5), mostMs, ' ms') : fact(name, spread(times)));
    }
    const mb = Math.max(...childrenOf(server.pid).map(rssMb));
    return [...checks, fact('RSS of the process of the index', `${shown(mb)} MB`)];
  } finally {
    await server.stop();
  }
}
