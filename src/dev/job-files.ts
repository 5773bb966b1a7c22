import { writeJob } from '../archive/write-job.ts';
import type { SubCluster, SubClusterMetric } from '../clusters/derive-cluster.ts';
import { footprintsOf, type Statistic } from '../clusters/footprint.ts';
import type { Job } from '../jobs/job.ts';
import type { Random } from './random.ts';

/** Longer series are cut: one sample per minute for a day is enough for a plot. */
const POINTS_AT_MOST = 1440;

/**
 * Writes meta.json and data.json of a finished job. Returns the job as an archiver leaves it, with footprints from the
 * statistics and monitoringStatus 3.
 */
export async function archiveJob(root: string, random: Random, job: Job, subCluster: SubCluster): Promise<Job> {
  const data: Record<string, object> = {};
  const statistics: Record<string, Statistic & { unit: object }> = {};
  for (const metric of subCluster.metricConfig) {
    const series = job.resources.map(({ hostname }) => seriesOf(random, hostname, metric, job));
    data[metric.name] = { node: { unit: metric.unit, timestep: metric.timestep, series } };
    statistics[metric.name] = { unit: metric.unit, ...overNodes(series.map(({ statistics: one }) => one)) };
  }
  const archived: Job = {
    ...job,
    ...footprintsOf(subCluster, job, statistics),
    monitoringStatus: 3,
  };
  await writeJob(root, job, { ...archived, statistics }, data);
  return archived;
}

function seriesOf(random: Random, hostname: string, metric: SubClusterMetric, job: Job) {
  const points = Math.max(1, Math.min(POINTS_AT_MOST, Math.ceil(job.duration / metric.timestep)));
  const level = levelOf(random, metric, job);
  const data = Array.from({ length: points }, (_, at) => {
    if (random.chance(0.002)) return null; // a missed sample
    const warmUp = Math.min(1, (at + 1) / 5);
    return round2(Math.min(metric.peak, Math.max(0, level * warmUp * (1 + 0.08 * random.normal()))));
  });
  const known = data.filter((sample) => sample !== null);
  const sum = known.reduce((total, sample) => total + sample, 0);
  const statistics = {
    min: known.length === 0 ? 0 : Math.min(...known),
    avg: known.length === 0 ? 0 : round2(sum / known.length),
    max: known.length === 0 ? 0 : Math.max(...known),
  };
  return { hostname, statistics, data };
}

/** The value in the job's footprint, or a random one for a metric without a footprint. */
function levelOf(random: Random, { name, footprint, peak }: SubClusterMetric, job: Job): number {
  return job.footprint?.[`${name}_${footprint}`] ?? peak * random.between(0.2, 0.7);
}

function overNodes(nodes: readonly Statistic[]): Statistic {
  return {
    avg: round2(nodes.reduce((sum, { avg }) => sum + avg, 0) / nodes.length),
    min: Math.min(...nodes.map(({ min }) => min)),
    max: Math.max(...nodes.map(({ max }) => max)),
  };
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
