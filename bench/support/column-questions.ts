import type { Statement } from '../../src/db/statement.ts';
import { countJobs } from '../../src/db/statements/count-jobs.ts';
import { jobHistograms } from '../../src/db/statements/job-histograms.ts';
import { jobStatistics } from '../../src/db/statements/job-statistics.ts';
import { metricHistograms } from '../../src/db/statements/metric-histograms.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { END_SEC } from './database.ts';

const all = visibleTo({ name: 'bench', roles: new Set(['admin']), projects: [] });
const where = (...conditions: Condition[]) => ({ ...all, conditions });
const now = { nowSec: END_SEC, shortJobSec: 300 };
const lastDays = (days: number) =>
  where({ kind: 'whole', field: 'start-time', range: { from: BigInt(END_SEC - days * 86_400) } });
const scale = (metric: string, stat: string, peak: number) => ({ metric, stat, unit: '', peak });

/** What dashboards ask, over generated jobs. */
export const QUESTIONS: Readonly<Record<string, Statement<unknown>>> = {
  count: countJobs(all),
  'all-time totals': jobStatistics(all, now),
  'by user': jobStatistics(all, { ...now, groupBy: 'user', sortBy: 'totalCoreHours' }),
  'by project': jobStatistics(all, { ...now, groupBy: 'project' }),
  'four histograms': jobHistograms(all, { bins: '1h', nowSec: END_SEC }),
  'one metric histogram': metricHistograms(all, [scale('flops_any', 'avg', 9_216)], 10),
  'totals of a range of cores': jobStatistics(
    where({ kind: 'whole', field: 'num-hwthreads', range: { from: 100n, to: 200n } }),
    now,
  ),
  'totals of a range of a metric': jobStatistics(
    where({ kind: 'footprint', key: 'flops_any_avg', range: { from: 10, to: 50 } }),
    now,
  ),
  '30 days by user': jobStatistics(lastDays(30), { ...now, groupBy: 'user' }),
  'totals of node.contains': jobStatistics(
    where({ kind: 'text', field: 'node', operator: 'contains', values: ['F001'] }),
    now,
  ),
  'totals of job-name.contains': jobStatistics(
    where({ kind: 'text', field: 'job-name', operator: 'contains', values: ['mesh'] }),
    now,
  ),
};
