import type { Scope } from '../../clusters/cluster-schema.ts';
import {
  jobMetrics,
  jobStatistics,
  type ScopedMetric,
  type ScopedStatistics,
  scopedJobStatistics,
} from '../../http/jobs/archived-metrics.ts';
import {
  type JobStatistics,
  jobsFootprints,
  jobsMetricStatistics,
  rooflineHeatmap,
} from '../../http/jobs/metrics-of-jobs.ts';
import { idOf } from '../argument-values.ts';
import type { QueryContext } from '../context.ts';
import { type JobFilterInput, jobFilterOf } from '../job-filter.ts';
import { RawJson } from '../raw-json.ts';
import type { Resolvers } from './resolver.ts';
import { byStart, ofRunningJob, statisticsOfRunning } from './unarchived-jobs.ts';

interface MetricsArgs {
  id: string;
  metrics?: readonly string[] | null;
  scopes?: readonly Scope[] | null;
  resolution?: bigint | null;
}

interface JobsArgs {
  filter?: readonly JobFilterInput[] | null;
  metrics?: readonly string[] | null;
}

interface RooflineArgs extends JobsArgs {
  rows: bigint;
  cols: bigint;
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
}

/** The metric data of jobs (contract/graphql.md §7): of archived ones from the archive. */
export const ARCHIVED_METRICS: Resolvers = {
  Query: {
    async jobMetrics(_, { id, metrics = null, scopes = null, resolution }: MetricsArgs, context, info) {
      const fromStore = await ofRunningJob(context, info, id);
      if (fromStore !== undefined) return fromStore;
      const selection = { metrics, scopes, resolution: Number(resolution ?? defaultResolution(context)) };
      return await context.once(['jobMetrics', id, selection], () =>
        jobMetrics(context.request, idOf(id), selection, (bytes) => context.takeBytes(bytes)),
      );
    },
    async jobStats(_, { id, metrics }: MetricsArgs, context, info) {
      const fromStore = await ofRunningJob(context, info, id);
      if (fromStore !== undefined) return fromStore;
      return await context.once(['jobStats', id, metrics], () =>
        jobStatistics(context.request, idOf(id), metrics ?? []),
      );
    },
    // cc-backend ignores the other arguments.
    async scopedJobStats(_, { id }: MetricsArgs, context, info) {
      const fromStore = await ofRunningJob(context, info, id);
      if (fromStore !== undefined) return fromStore;
      return await context.once(['scopedJobStats', id], () =>
        scopedJobStatistics(context.request, idOf(id), (bytes) => context.takeBytes(bytes)),
      );
    },
    async jobsMetricStats(_, { filter, metrics }: JobsArgs, context, info) {
      const jobs = context.visible(jobFilterOf(filter, context.nowSec));
      const ended = await context.once(['jobsMetricStats', jobs, metrics], () =>
        jobsMetricStatistics(context.request, jobs, metrics ?? []),
      );
      return context.paced(byStart(ended, await statisticsOfRunning(context, info, jobs, metrics ?? [])));
    },
    async jobsFootprints(_, { filter, metrics }: JobsArgs, context) {
      const jobs = context.visible(jobFilterOf(filter, context.nowSec));
      return await context.once(['jobsFootprints', jobs, metrics], () =>
        jobsFootprints(context.request, jobs, metrics ?? []),
      );
    },
    async rooflineHeatmap(_, { filter, rows, cols, minX, minY, maxX, maxY }: RooflineArgs, context) {
      const jobs = context.visible(jobFilterOf(filter, context.nowSec));
      const grid = { rows: Number(rows), cols: Number(cols), minX, minY, maxX, maxY };
      return await context.once(['rooflineHeatmap', jobs, grid], () => rooflineHeatmap(context.request, jobs, grid));
    },
  },
  JobMetric: {
    series: ({ series }: ScopedMetric['metric'], _, context) => (series === null ? null : context.paced(series)),
  },
  Series: { data: samples('data') },
  StatsSeries: {
    mean: samples('mean'),
    median: samples('median'),
    min: samples('min'),
    max: samples('max'),
  },
  NamedStatsWithScope: { stats: ({ stats }: ScopedStatistics, _, context) => context.paced(stats) },
  JobStats: {
    jobId: ({ jobId }: JobStatistics) => String(jobId),
    numHWThreads: ({ numHwthreads }: JobStatistics) => numHwthreads,
    numAccelerators: ({ numAcc }: JobStatistics) => numAcc,
  },
  TimeWeights: {
    nodeHours: samples('nodeHours'),
    accHours: samples('accHours'),
    coreHours: samples('coreHours'),
  },
  MetricFootprints: { data: samples('data') },
};

/** The largest configured resolution in seconds, or 0 for that of the file. */
function defaultResolution({ service }: QueryContext): number {
  return Math.max(0, ...service.settings.METRIC_RESOLUTIONS);
}

/** A list of samples that is JSON text already. */
function samples<Name extends string>(name: Name) {
  return (source: Readonly<Record<Name, string>>) => new RawJson(source[name]);
}
