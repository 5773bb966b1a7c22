import type { Context } from 'hono';
import type { ScopedMetricsRequest } from '../../archive/archive-requests.ts';
import type { Archive } from '../../archive/port.ts';
import type { DataSelection } from '../../archive/select-data.ts';
import type { Scope, Unit } from '../../clusters/cluster-schema.ts';
import { NO_STATISTIC, type Statistic } from '../../clusters/footprint.ts';
import { inSlices } from '../../event-loop-turns.ts';
import { Fault } from '../../faults.ts';
import { hiddenIn } from '../../jobs/hidden-metrics.ts';
import { type JobKey, jobForMetrics } from '../../questions/one-job/sqlite.ts';
import { hiddenMetrics, visibleJobs } from '../auth/visible-jobs.ts';
import type { AppEnv } from '../service.ts';

/** A list of samples as JSON text, such as `[1.5,null]`. */
export type SamplesText = string;

/** One metric of a job at one scope: JobMetricWithName of contract/introspection.json. */
export interface ScopedMetric {
  readonly name: string;
  readonly scope: Scope;
  readonly metric: {
    readonly unit: Unit;
    readonly timestep: number;
    readonly series: readonly {
      readonly hostname: string;
      readonly id: string | null;
      readonly statistics: Statistic;
      readonly data: SamplesText;
    }[];
    readonly statisticsSeries: Readonly<Record<'mean' | 'median' | 'min' | 'max', SamplesText>> | null;
  };
}

/** The statistics of all series of a metric at one scope: NamedStatsWithScope of contract/introspection.json. */
export interface ScopedStatistics {
  readonly name: string;
  readonly scope: Scope;
  readonly stats: readonly { readonly hostname: string; readonly id: string | null; readonly data: Statistic }[];
}

/** The statistics of a metric over a job: NamedStats of contract/introspection.json. */
export interface NamedStatistic {
  readonly name: string;
  readonly data: Statistic;
}

/** Receives the bytes of what is read, and may throw to end the reading. */
export type TakeBytes = (bytes: number) => void;

/** The distinct metrics of one request. A cluster has some twenty. */
const MOST_METRICS = 100;

/**
 * Returns the metrics of a job that the caller may see (contract/graphql.md §7). Unknown and hidden metrics are left
 * out. Empty while the job runs or is being archived. Throws `not_found` if there is no such job, or no data of it.
 */
export async function jobMetrics(
  c: Context<AppEnv>,
  id: bigint,
  { metrics, scopes, resolution }: { metrics: readonly string[] | null } & DataSelection,
  take: TakeBytes = () => {},
): Promise<ScopedMetric[]> {
  const job = await findJob(c, id);
  if (job.state === 'running' || job.monitoringStatus === 1) return [];
  const selection = { metrics: metrics === null ? null : distinct(metrics), samples: { scopes, resolution } };
  return await scopedMetrics<ScopedMetric>(c, job, selection, take);
}

/** Returns the statistics of all series of a job, as `jobMetrics` does. */
export async function scopedJobStatistics(
  c: Context<AppEnv>,
  id: bigint,
  take: TakeBytes = () => {},
): Promise<ScopedStatistics[]> {
  const job = await findJob(c, id);
  if (job.state === 'running') return [];
  return await scopedMetrics<ScopedStatistics>(c, job, { metrics: null, samples: null }, take);
}

/**
 * Returns the statistics of the requested metrics over a job, 0 for a metric without statistics. Hidden metrics are
 * left out. Empty while the job runs. Throws `not_found` if there is no such job, or no meta.json of it.
 */
export async function jobStatistics(
  c: Context<AppEnv>,
  id: bigint,
  metrics: readonly string[],
): Promise<NamedStatistic[]> {
  const wanted = distinct(metrics);
  const job = await findJob(c, id);
  if (job.state === 'running') return [];
  const [text = null] = await archiveOf(c).statistics([archiveJob(job)], c.get('deadline'), wanted);
  if (text === null) throw new Fault('not_found', 'the archive has no statistics for this job');
  return namedStatistics(c, job, wanted, text);
}

/** Returns the archive. Throws `not_found` if the service has none. */
export function archiveOf(c: Context<AppEnv>): Archive {
  const { archive } = c.get('service');
  if (archive !== undefined) return archive;
  c.set('lacksArchive', true);
  throw new Fault('not_found', 'this service has no job archive');
}

/** Identifies a job in the archive. */
export function archiveJob({ cluster, jobId, startTime }: Pick<JobKey, 'cluster' | 'jobId' | 'startTime'>) {
  return { cluster, jobId, startTime: Number(startTime) };
}

/** Returns the requested statistics without those of hidden metrics, from a text of the archive. */
export function namedStatistics(
  c: Context<AppEnv>,
  { cluster }: { cluster: string },
  metrics: readonly string[],
  text: string,
): NamedStatistic[] {
  const statistics = statisticsIn(text);
  const hidden = hiddenIn(hiddenMetrics(c), cluster);
  return metrics
    .filter((name) => !hidden.includes(name))
    .map((name) => ({ name, data: statistics.get(name) ?? NO_STATISTIC }));
}

/** Returns the statistics of a job by metric, from a text of the archive. */
export function statisticsIn(text: string): Map<string, Statistic> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, Statistic>));
}

/** Returns each metric once. Throws invalid_request if there are too many. */
export function distinct(metrics: readonly string[]): string[] {
  const names = [...new Set(metrics)];
  if (names.length > MOST_METRICS) throw new Fault('invalid_request', `metrics may have at most ${MOST_METRICS} names`);
  return names;
}

/** Returns a job if `jobMetrics` has nothing of it yet, because it runs or is being archived. Throws `not_found`. */
export async function unarchivedJob(c: Context<AppEnv>, id: bigint): Promise<JobKey | undefined> {
  const job = await findJob(c, id);
  return job.state === 'running' || job.monitoringStatus === 1 ? job : undefined;
}

async function findJob(c: Context<AppEnv>, id: bigint): Promise<JobKey> {
  const [job] = await c.get('db').read(jobForMetrics(visibleJobs(c), id), c.get('deadline'));
  if (job === undefined) throw new Fault('not_found', `there is no job with the database id ${id}`);
  return job;
}

async function scopedMetrics<Entry>(
  c: Context<AppEnv>,
  job: JobKey,
  selection: Pick<ScopedMetricsRequest, 'metrics' | 'samples'>,
  take: TakeBytes,
): Promise<Entry[]> {
  const deadline = c.get('deadline');
  const held = c.get('held');
  held.checkRoom(deadline.caller); // before reading: an answer may be as large as the free space
  const without = hiddenIn(hiddenMetrics(c), job.cluster);
  const pieces = await archiveOf(c).scopedMetrics({ job: archiveJob(job), without, ...selection }, deadline);
  if (pieces === null) throw new Fault('not_found', 'the archive has no metric data for this job');
  for (const piece of pieces) take(piece.byteLength);
  const decoder = new TextDecoder();
  return await inSlices(pieces, (piece) => JSON.parse(decoder.decode(piece)) as Entry, deadline);
}
