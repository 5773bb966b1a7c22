import type { Scope } from '../clusters/cluster-schema.ts';
import { downsampledLength, largestTriangles } from './downsample.ts';
import type { JobData, JobMetric, Series } from './read-data.ts';
import { SERIES_FOR_STATISTICS, statisticsSeriesOf } from './statistics-series.ts';

/** The requested part of a job's data. */
export interface DataSelection {
  /** Null: all scopes. */
  scopes: readonly Scope[] | null;
  /** Seconds. null: native resolution. */
  resolution: number | null;
}

/** Metrics for which a missing node scope is computed. */
const NODE_SCOPE_METRICS = ['flops_any', 'mem_bw'];
/** The scopes to compute the node scope from, the coarsest first. */
const COARSEST_FIRST: readonly Scope[] = ['socket', 'memoryDomain', 'core', 'hwthread', 'accelerator'];

/**
 * Selects a job's data (contract/graphql.md §7) in this order: chooses scopes, down-samples long series, adds
 * statistics series, and computes node scopes. Changes `data` and returns it. Throws BadResolution.
 */
export function selectJobData(data: JobData, { scopes, resolution }: DataSelection): JobData {
  for (const [metric, perScope] of data) {
    const chosen = new Map([...perScope].filter(([scope]) => scopes === null || scopes.includes(scope)));
    // A metric with one scope keeps it. So does a metric with several of which none was requested.
    if (perScope.size > 1 && chosen.size > 0) data.set(metric, chosen);
  }
  for (const jobMetric of allMetrics(data)) {
    if (resolution !== null) downsample(jobMetric, resolution);
    if (jobMetric.series.length >= SERIES_FOR_STATISTICS) {
      jobMetric.statisticsSeries ??= statisticsSeriesOf(jobMetric.series);
    }
  }
  if (scopes?.includes('node')) {
    for (const metric of NODE_SCOPE_METRICS) addNodeScope(data.get(metric));
  }
  return data;
}

function allMetrics(data: JobData): JobMetric[] {
  return [...data.values()].flatMap((perScope) => [...perScope.values()]);
}

/** All series of a metric share a time step, so the longest one decides. */
function downsample(jobMetric: JobMetric, resolution: number): void {
  const points = Math.max(0, ...jobMetric.series.map((series) => series.data.length));
  if (downsampledLength(points, jobMetric.timestep, resolution) === undefined) return;
  const step = resolution / jobMetric.timestep;
  for (const series of jobMetric.series) {
    const samples = series.data.map((sample) => sample ?? Number.NaN);
    const length = Math.floor(samples.length / step);
    // NaN is written as null.
    series.data = length === 0 ? [] : largestTriangles(samples, length);
  }
  jobMetric.timestep = resolution;
}

/** Adds the node scope of a metric if it is missing: the sums of its coarsest other scope. */
export function addNodeScope(perScope: Map<Scope, JobMetric> | undefined): void {
  if (perScope === undefined || perScope.has('node')) return;
  const scope = COARSEST_FIRST.find((name) => perScope.has(name));
  const source = scope === undefined ? undefined : perScope.get(scope);
  if (source === undefined) return;
  const byHost = Map.groupBy(source.series, ({ hostname }) => hostname);
  const series = [...byHost].map(([hostname, parts]) => sumOf(hostname, parts));
  perScope.set('node', { unit: source.unit, timestep: source.timestep, series });
}

/** Sums the series of one host sample by sample, up to the shortest length. A missing sample makes the sum missing. */
function sumOf(hostname: string, parts: readonly Series[]): Series {
  const steps = Math.min(...parts.map(({ data }) => data.length));
  const data = Array.from({ length: steps }, (_, step) =>
    parts.reduce((sum, part) => sum + (part.data[step] ?? Number.NaN), 0),
  );
  return {
    hostname,
    statistics: {
      avg: parts.reduce((sum, { statistics }) => sum + statistics.avg, 0) / parts.length,
      min: Math.min(...parts.map(({ statistics }) => statistics.min)),
      max: Math.max(...parts.map(({ statistics }) => statistics.max)),
    },
    data,
  };
}
