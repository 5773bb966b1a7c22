import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { histogramMetric } from '../src/clusters/metrics.ts';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { json } from '../src/http/json/responses.ts';
import { JobFilterQuery } from '../src/http/query/job-filter-query.ts';
import { anyTexts, choice, count, flag } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import type { TableRow } from '../src/jobs/export-format.ts';
import { typedColumns } from '../src/jobs/export-format.ts';
import {
  DEFAULT_DURATION_BINS,
  DEFAULT_METRIC_BINS,
  DURATION_BINS_NAMES,
  type HistogramPoint,
  isMetricName,
  METRIC_BINS_LIMIT,
  type MetricScale,
} from '../src/jobs/histograms.ts';
import type { VisibleJobs } from '../src/jobs/visibility.ts';
import type { Overview } from '../src/questions/overview/question.ts';

/** The number of metrics in one request. One statement counts them all, and SQLite limits its columns and unions. */
const MOST_METRICS = 64;
/**
 * The number of bins of all metrics together. 20,000 bins are 800 KB of JSON and take the thread of all requests 20 ms;
 * 50,000 took 56 ms.
 */
const MOST_BINS = 20_000;

const METRICS = anyTexts()
  .transform((texts = []) => [texts].flat().filter(isMetricName))
  .refine(({ length }) => length <= MOST_METRICS, `may be given at most ${MOST_METRICS} times`)
  .openapi({ type: 'array', items: { type: 'string' }, description: 'names of metrics, such as flops_any' });

/** The parameters of histograms. */
export const HISTOGRAM_PARAMETERS = {
  bins: choice(
    DURATION_BINS_NAMES,
    DEFAULT_DURATION_BINS,
    `width of the duration bins; default ${DEFAULT_DURATION_BINS}`,
  ),
  'with-wait': flag('add histWait, which takes longer'),
  'metric-bins': count(DEFAULT_METRIC_BINS, `number of bins of each metric; default ${DEFAULT_METRIC_BINS}`, {
    most: METRIC_BINS_LIMIT,
  }),
  metric: METRICS,
};
const Query = JobFilterQuery.extend(HISTOGRAM_PARAMETERS);

const points = z.array(z.object({ value: z.number(), count: z.int() }));
export const Histograms = z.object({
  histDuration: points.openapi({ description: 'value: upper edge in seconds' }),
  histWait: points.optional().openapi({ description: 'seconds from submission to start, as histDuration' }),
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

/** GET statistics/histograms: returns histograms of the matching jobs. */
export const histograms = tableResource({
  path: '/statistics/histograms',
  summary: 'Histograms of jobs and metrics',
  query: Query,
  description:
    'histograms of durations, waits if requested, nodes, hardware threads and accelerators, and of the requested metrics',
  schema: Histograms,
  columns: () => [
    ...typedColumns(['histogram'], 'text'),
    ...typedColumns(['value', 'count'], 'whole'),
    ...typedColumns(['metric', 'stat', 'unit'], 'text'),
    ...typedColumns(['bin', 'min', 'max'], 'whole'),
  ],
  async ask(c, asked, filter) {
    const jobs = visibleJobs(c, filter);
    const options = { nowSec: nowSec(c), shortJobSec: c.get('service').settings.SHORT_JOB_S };
    const question = { ...options, ...histogramsAsked(c, jobs, asked) };
    const overview = await c.get('jobs').overview(jobs, question, c.get('deadline'));
    return { json: () => json(histogramsIn(overview)), rows: () => tableRows(overview) };
  },
});

/** A row for each value of a histogram of jobs, then a row for each bin of a metric. */
function tableRows({ histograms: [ofJobs], metricHistograms: [ofMetrics = []] }: Overview): TableRow[] {
  const ofNoMetric = { metric: '', stat: '', unit: '' };
  const points = Object.entries<HistogramPoint[]>({ ...ofJobs }).flatMap(([histogram, values]) =>
    values.map((point) => ({ histogram, ...ofNoMetric, ...point })),
  );
  const bins = ofMetrics.flatMap(({ data, ...metric }) =>
    data.map((bin) => ({ histogram: 'histMetrics', ...metric, ...bin })),
  );
  return [...points, ...bins];
}

/** Returns what a request asks for. Throws invalid_request. */
export function histogramsAsked(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  {
    bins,
    metric: metrics,
    'metric-bins': metricBins,
    'with-wait': withWait,
  }: Pick<z.output<typeof Query>, keyof typeof HISTOGRAM_PARAMETERS>,
) {
  const binsInAll = metrics.length * metricBins;
  if (binsInAll > MOST_BINS) {
    throw new Fault(
      'invalid_request',
      `query parameters "metric" and "metric-bins" request ${binsInAll} bins: at most ${MOST_BINS} are allowed`,
    );
  }
  return {
    histograms: [bins],
    withWait,
    metricHistograms: [{ scales: scalesOf(c, jobs, metrics), bins: metricBins }],
  };
}

/** Returns the histograms of an answer to `histogramsAsked`. */
export function histogramsIn({ histograms: [ofJobs], metricHistograms: [histMetrics] }: Overview) {
  return { ...ofJobs, histMetrics };
}

/** Returns the scales of metrics. The peak of a metric is that of the clusters in the filter. */
function scalesOf(c: Context<AppEnv>, jobs: VisibleJobs, metrics: readonly string[]): MetricScale[] {
  const named = jobs.conditions.find(
    (condition) => condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is',
  );
  const names = named?.kind === 'text' ? named.values : null;
  return metrics.map((metric) => histogramMetric(c.get('service').clusters, metric, names));
}
