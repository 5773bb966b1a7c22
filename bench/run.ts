/**
 * `npm run bench -- [NAME]... [--db FILE] [--archive DIR] [--jobs N] [--keep] [--minutes N]`: runs benchmarks and
 * prints each as a table of limits and measured values. Without a name it runs the benchmarks of the column index. With
 * --keep, `columns` and `growth` do not build the index again, and `pages` uses it.
 */
import { parseArgs } from 'node:util';
import type { BenchOptions } from './support/database.ts';
import { childrenOf } from './support/processes.ts';
import { type Check, printChecks } from './support/table.ts';

interface Bench {
  /** Jobs of the generated database if none is given. */
  readonly JOBS: number;
  run(options: BenchOptions): Promise<Check[]>;
}

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  deadline: () => import('./deadline.ts'),
  priorities: () => import('./priorities.ts'),
  memory: () => import('./memory.ts'),
  shares: () => import('./shares.ts'),
  health: () => import('./health.ts'),
  kill: () => import('./kill.ts'),
  stream: () => import('./stream.ts'),
  export: () => import('./export.ts'),
  requests: () => import('./requests.ts'),
  load: () => import('./load.ts'),
  cache: () => import('./cache.ts'),
  writes: () => import('./writes.ts'),
  indexes: () => import('./indexes.ts'),
  crash: () => import('./crash.ts'),
  edge: () => import('./edge.ts'),
  encoding: () => import('./encoding.ts'),
  nodes: () => import('./nodes.ts'),
  columns: () => import('./columns.ts'),
  dashboards: () => import('./dashboards.ts'),
  answers: () => import('./answers.ts'),
  advice: () => import('./advice.ts'),
  growth: () => import('./growth.ts'),
  odd: () => import('./odd.ts'),
  record: () => import('./record.ts'),
  pages: () => import('./pages.ts'),
  graphql: () => import('./graphql.ts'),
  walreset: () => import('./walreset.ts'),
  soak: () => import('./soak.ts'),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    db: { type: 'string' },
    archive: { type: 'string' },
    jobs: { type: 'string' },
    keep: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '60' },
  },
});
const names = positionals.length === 0 ? ['columns', 'growth'] : positionals;
if (names.some((name) => BENCHES[name] === undefined)) {
  process.stderr.write(
    `usage: npm run bench -- [${Object.keys(BENCHES).join('|')}]... [--db FILE] [--archive DIR] [--jobs N] [--keep] ` +
      '[--minutes N]\n',
  );
  process.exit(2);
}
// A benchmark that is stopped or fails ends its servers and clients.
process.on('exit', () => {
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGTERM');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

let missed = 0;
for (const name of names) {
  const bench = await BENCHES[name]?.();
  if (bench === undefined) continue;
  const startedAt = performance.now();
  const checks = await bench.run({
    db: values.db,
    archive: values.archive,
    jobs: Number(values.jobs ?? bench.JOBS),
    keep: values.keep,
    minutes: Number(values.minutes),
  });
  printChecks(name, checks, (performance.now() - startedAt) / 1000);
  missed += checks.filter(({ ok }) => ok === false).length;
}
process.exit(missed > 0 ? 1 : 0);
