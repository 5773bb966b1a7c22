import type { CountingQuestion } from '../../src/column-index/question-to-query.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import type { OneQuery } from '../../test/support/questions.ts';
import { END_SEC } from './database.ts';

/** One query of each engine answers it. */
type BenchQuestion = OneQuery & CountingQuestion;

const all = visibleTo({ name: 'bench', roles: new Set(['admin']), projects: [] });
const where = (...conditions: Condition[]) => ({ ...all, conditions });
const now = { nowSec: END_SEC, shortJobSec: 300 };
const statistics = (jobs: VisibleJobs): BenchQuestion => ({ kind: 'statistics', jobs, ...now });
const lastDays = (days: number) =>
  where({ kind: 'whole', field: 'start-time', range: { from: BigInt(END_SEC - days * 86_400) } });
const MONTH = { from: BigInt(END_SEC - 30 * 86_400), to: BigInt(END_SEC) };
const scale = (metric: string, stat: string, peak: number) => ({ metric, stat, unit: '', peak });

/** A question of a dashboard, and its limits at 20 M jobs. */
export interface Question {
  readonly name: string;
  readonly question: BenchQuestion;
  /** The request for this question. */
  readonly path: string;
  /** Speed-up over the table scan of SQLite. */
  readonly timesScan?: number;
  /** Speed-up over the SQL with a covering index (`COVERING`). */
  readonly timesCovering?: number;
}

/** An index with all columns used by the totals: the alternative to a column index. */
export const COVERING =
  'job (cluster, hpc_user, project, subcluster, job_state, start_time, duration, num_nodes, num_hwthreads, num_acc)';

export const STATISTICS = '/api/statistics/jobs';
const HISTOGRAMS = '/api/statistics/histograms?bins=1h';

/** The questions of dashboards, on generated jobs. */
export const QUESTIONS: readonly Question[] = [
  { name: 'count', question: { kind: 'count', jobs: all }, path: '/api/jobs/count' },
  {
    name: 'all-time totals',
    question: statistics(all),
    path: STATISTICS,
    ...{ timesScan: 50, timesCovering: 15 },
  },
  {
    name: 'by user',
    question: { kind: 'statistics', jobs: all, ...{ ...now, groupBy: ['user'], sortBy: 'totalCoreHours' } },
    path: `${STATISTICS}?group-by=user&sort-by=totalCoreHours`,
    ...{ timesScan: 50, timesCovering: 15 },
  },
  {
    name: 'by project',
    question: { kind: 'statistics', jobs: all, ...{ ...now, groupBy: ['project'] } },
    path: `${STATISTICS}?group-by=project`,
    ...{ timesScan: 50, timesCovering: 15 },
  },
  {
    name: 'four histograms',
    question: { kind: 'histograms', jobs: all, bins: '1h', nowSec: END_SEC },
    path: HISTOGRAMS,
    timesScan: 50,
  },
  {
    name: 'one metric histogram',
    question: { kind: 'metric histograms', jobs: all, scales: [scale('flops_any', 'avg', 9_216)], bins: 10 },
    path: `${HISTOGRAMS}&metric=flops_any`,
    timesScan: 50,
  },
  {
    name: 'totals of a range of cores',
    question: statistics(where({ kind: 'whole', field: 'num-hwthreads', range: { from: 100n, to: 200n } })),
    path: `${STATISTICS}?num-hwthreads=100-200`,
    timesScan: 100,
  },
  {
    name: 'totals of a range of a metric',
    question: statistics(where({ kind: 'footprint', key: 'flops_any_avg', range: { from: 10, to: 50 } })),
    path: `${STATISTICS}?metric.flops_any_avg=10-50`,
    timesScan: 100,
  },
  {
    name: 'totals of a range of hours',
    question: statistics(where({ kind: 'whole', field: 'duration', range: { from: 3_600n, to: 14_400n } })),
    path: `${STATISTICS}?duration=3600-14400`,
    timesScan: 100,
  },
  {
    name: 'totals of a range of energy',
    question: statistics(where({ kind: 'decimal', field: 'energy', range: { from: 1, to: 20 } })),
    path: `${STATISTICS}?energy=1-20`,
    timesScan: 100,
  },
  {
    name: '30 days by user',
    question: { kind: 'statistics', jobs: lastDays(30), ...{ ...now, groupBy: ['user'] } },
    path: `${STATISTICS}?group-by=user&start-time=${END_SEC - 30 * 86_400}-`,
    timesScan: 2,
  },
  {
    name: 'totals of jobs that ran within 30 days, clipped',
    question: {
      ...{ kind: 'statistics', jobs: where({ kind: 'during', range: MONTH, nowSec: END_SEC }), ...now },
      clip: MONTH,
    },
    path: `${STATISTICS}?during=${MONTH.from}-${MONTH.to}&clip=${MONTH.from}-${MONTH.to}`,
  },
  {
    name: 'totals of node.contains',
    question: statistics(where({ kind: 'text', field: 'node', operator: 'contains', values: ['F001'] })),
    path: `${STATISTICS}?node.contains=F001`,
  },
  {
    name: 'totals of job-name.contains',
    question: statistics(where({ kind: 'text', field: 'job-name', operator: 'contains', values: ['mesh'] })),
    path: `${STATISTICS}?job-name.contains=mesh`,
  },
];

/** Lists that no SQLite index supports, and deep pages. `most` is the limit in ms at 20 M jobs. */
export const LISTS = (jobs: number) => {
  const deep = Math.min(100_000, Math.floor(jobs / 25 / 2));
  return [
    {
      name: 'list: a rare metric range',
      path: '/api/jobs/?items-per-page=25&metric.flops_any_avg=0-0.01',
      most: 120,
    },
    {
      name: 'list: job-name.contains of a rare name',
      path: '/api/jobs/?items-per-page=25&job-name.contains=mesh_99',
      most: 120,
    },
    { name: `list: page ${deep}, no filter`, path: `/api/jobs/?items-per-page=25&page=${deep}`, most: 1_200 },
    {
      name: `list: page ${deep} of a range of hours`,
      path: `/api/jobs/?items-per-page=25&page=${deep}&duration=60-`,
      most: 1_200,
    },
    ...['duration', 'energy', 'num-nodes'].map((by) => ({
      name: `page /jobs: ${deep} of those sorted by ${by}`,
      path: `/jobs?items-per-page=25&page=${deep}&sort-by=${by}`,
      most: 1_200,
    })),
  ];
};

/** The simultaneous requests of a dashboard. */
export const DASHBOARD = [STATISTICS, `${HISTOGRAMS}&metric=flops_any`, '/api/jobs/?items-per-page=25&num-nodes=2-'];
