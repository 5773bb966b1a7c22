import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { histogramMetric } from '../src/clusters/metrics.ts';
import { Fault } from '../src/faults.ts';
import { answers, json, resource, WITH_TOKEN } from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { count, JobFilterQuery, oneOf, parseFilter, single } from '../src/http/job-filter-query.ts';
import { nowSec, queryOf } from '../src/http/request.ts';
import { visibleJobs } from '../src/http/visible-jobs.ts';
import {
  DURATION_BINS,
  type DurationBins,
  isMetricName,
  jobHistogramsOf,
  METRIC_BINS_LIMIT,
  type MetricHistogram,
  metricHistogramsOf,
} from '../src/jobs/histograms.ts';
import type { VisibleJobs } from '../src/jobs/visibility.ts';
import { jobHistograms } from '../src/questions/histograms/sqlite.ts';
import { metricHistograms } from '../src/questions/metric-histograms/sqlite.ts';

const BINS = Object.keys(DURATION_BINS) as DurationBins[];
/** One statement counts them all; its columns and unions have limits far above what anybody looks at. */
const MOST_METRICS = 64;

const Query = JobFilterQuery.extend({
  bins: z.string().optional().openapi({ enum: BINS, description: 'width of the duration bins; default 1h' }),
  metric: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({ type: 'array', items: { type: 'string' }, description: 'names of metrics, such as flops_any' }),
  'metric-bins': z
    .string()
    .optional()
    .openapi({ description: 'number of bins of each metric; default 10', example: '10' }),
});
const OWN = ['bins', 'metric', 'metric-bins'];

const points = z.array(z.object({ value: z.number(), count: z.int() }));
const Histograms = z.object({
  histDuration: points.openapi({ description: 'value: upper edge in seconds' }),
  histNumNodes: points,
  histNumCores: points,
  histNumAccs: points,
  histMetrics: z.array(
    z.object({
      metric: z.string(),
      unit: z.string(),
      stat: z.string(),
      data: z.array(z.object({ bin: z.int(), count: z.int(), min: z.int(), max: z.int() })),
    }),
  ),
});

/** GET statistics/histograms: how the jobs that match are distributed. */
export const histograms = resource().openapi(
  createRoute({
    method: 'get',
    path: '/statistics/histograms',
    summary: 'Histograms of jobs and metrics',
    security: WITH_TOKEN,
    request: { query: Query },
    responses: answers(
      'histograms of durations, nodes, hardware threads and accelerators, and of the requested metrics',
      Histograms,
    ),
  }),
  async (c) => {
    const query = queryOf(c);
    const now = nowSec(c);
    const jobs = visibleJobs(c, parseFilter(query, now, OWN));
    const bins = query.has('bins') ? oneOf('bins', single('bins', query.getAll('bins')), BINS) : '1h';
    const metricBins = count('metric-bins', query.getAll('metric-bins'), 10);
    if (metricBins > METRIC_BINS_LIMIT) {
      throw new Fault('invalid_request', `query parameter metric-bins must be at most ${METRIC_BINS_LIMIT}`);
    }
    const metrics = query.getAll('metric').filter(isMetricName);
    if (metrics.length > MOST_METRICS) {
      throw new Fault('invalid_request', `query parameter metric may be given at most ${MOST_METRICS} times`);
    }
    const [counted, histMetrics] = await Promise.all([
      c.var.db.read(jobHistograms(jobs, { bins, nowSec: now }), c.var.deadline),
      metrics.length === 0 ? [] : ofMetrics(c, jobs, metrics, metricBins),
    ]);
    return json({ ...jobHistogramsOf(bins, counted), histMetrics });
  },
);

/** The peak of a metric is that of the clusters the filter names. */
async function ofMetrics(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  metrics: readonly string[],
  bins: number,
): Promise<MetricHistogram[]> {
  const named = jobs.conditions.find(
    (condition) => condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is',
  );
  const names = named?.kind === 'text' ? named.values : null;
  const scales = metrics.map((metric) => histogramMetric(c.var.service.clusters, metric, names));
  return metricHistogramsOf(scales, bins, await c.var.db.read(metricHistograms(jobs, scales, bins), c.var.deadline));
}
