import type { Context } from 'hono';
import { inSlices } from '../../event-loop-turns.ts';
import { Fault } from '../../faults.ts';
import { hiddenIn } from '../../jobs/hidden-metrics.ts';
import { checkGrid, ROOFLINE_METRICS, type RooflineGrid } from '../../jobs/roofline.ts';
import { samplesText } from '../../jobs/samples-text.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { MetricJob } from '../../questions/list/metric-jobs.ts';
import { hiddenMetrics } from '../auth/visible-jobs.ts';
import type { AppEnv } from '../service.ts';
import {
  archiveJob,
  archiveOf,
  distinct,
  type NamedStatistic,
  namedStatistics,
  type SamplesText,
  statisticsIn,
} from './archived-metrics.ts';

/** The jobs of a footprint or a heat map (contract/graphql.md §7). */
const MOST_ANALYZED_JOBS = 500;
/** The jobs of jobsMetricStatistics. The front end of cc-backend compares up to 500. */
const MOST_COMPARED_JOBS = 1_000;
/** The running jobs that one request asks the metric store for. A large cluster runs some thousands. */
const MOST_RUNNING = 5_000;
/** Jobs whose meta.json one request reads. Requests of other callers are served between two of them. */
const META_BATCH = 100;

/** A job with its statistics: JobStats of contract/introspection.json. */
export interface JobStatistics extends MetricJob {
  readonly stats: readonly NamedStatistic[];
}

/** Footprints of contract/introspection.json. The lists have one value per job, in the same order. */
export interface JobsFootprints {
  readonly timeWeights: Readonly<Record<'nodeHours' | 'accHours' | 'coreHours', SamplesText>>;
  readonly metrics: readonly { readonly metric: string; readonly data: SamplesText }[];
}

/**
 * Returns the statistics of the matching jobs, oldest start first (contract/graphql.md §7). Running jobs and those
 * without a readable meta.json are left out. Throws invalid_request if more than MOST_COMPARED_JOBS match.
 */
export async function jobsMetricStatistics(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  metrics: readonly string[],
): Promise<JobStatistics[]> {
  const wanted = distinct(metrics);
  if (c.get('service').archive === undefined) c.set('lacksArchive', true);
  // The status page asks for all running jobs of a cluster, which may be more than the limit.
  if (c.get('service').archive === undefined || matchOnlyRunning(jobs)) return [];
  const ended = (await oldestFirst(c, jobs, MOST_COMPARED_JOBS)).filter(isEnded);
  const texts = await statisticsTexts(c, ended, wanted);
  const made = await inSlices(
    ended.map((job, nth) => ({ job, text: texts[nth] ?? null })),
    ({ job, text }) => (text === null ? [] : [{ ...job, stats: namedStatistics(c, job, wanted, text) }]),
    c.get('deadline'),
  );
  return made.flat();
}

/** Returns the running jobs among the matching ones, oldest start first. Undefined if there are more than MOST_RUNNING. */
export async function runningJobs(c: Context<AppEnv>, jobs: VisibleJobs): Promise<MetricJob[] | undefined> {
  const conditions = [...jobs.conditions, { kind: 'member', field: 'state', values: ['running'] }] as const;
  const found = await c.get('jobs').metricJobs({ ...jobs, conditions }, MOST_RUNNING + 1, c.get('deadline'));
  return found.length > MOST_RUNNING ? undefined : found.reverse();
}

/**
 * Returns the averages of some metrics in the matching jobs, and the weights of the jobs (contract/graphql.md §7).
 * Running jobs and those without monitoring are left out. A metric that a job lacks, or that is hidden in it, is null.
 * Throws invalid_request if more than MOST_ANALYZED_JOBS match, and `not_found` if a meta.json cannot be read.
 */
export async function jobsFootprints(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  metrics: readonly string[],
): Promise<JobsFootprints> {
  const wanted = distinct(metrics);
  const analyzed = (await oldestFirst(c, jobs, MOST_ANALYZED_JOBS)).filter(isMonitored).filter(isEnded);
  const texts = await statisticsTexts(c, analyzed, wanted);
  const statistics = analyzed.map((job, nth) => statisticsIn(orThrow(texts[nth] ?? null, job)));
  const averageOf = (metric: string) => (job: MetricJob, nth: number) =>
    hiddenIn(hiddenMetrics(c), job.cluster).includes(metric) ? null : (statistics[nth]?.get(metric)?.avg ?? null);
  const weights = (weightOf: (job: MetricJob) => number) => samplesText(analyzed.map(weightOf));
  return {
    timeWeights: {
      nodeHours: weights((job) => minutes(job) * Number(job.numNodes)),
      accHours: weights((job) => weightOr1(job, job.numAcc)),
      coreHours: weights((job) => weightOr1(job, job.numHwthreads)),
    },
    metrics: wanted.map((metric) => ({ metric, data: samplesText(analyzed.map(averageOf(metric))) })),
  };
}

/**
 * Returns the counts of a roofline heat map over the matching jobs, the lowest row first (contract/graphql.md §7).
 * Leaves out jobs as `jobsFootprints` does, and jobs that are being archived, that lack one of the metrics, or in which
 * one is hidden. Throws invalid_request if more than MOST_ANALYZED_JOBS match, and `not_found` if a job cannot be read.
 */
export async function rooflineHeatmap(c: Context<AppEnv>, jobs: VisibleJobs, grid: RooflineGrid): Promise<number[][]> {
  checkGrid(grid);
  const hidden = hiddenMetrics(c);
  const analyzed = (await oldestFirst(c, jobs, MOST_ANALYZED_JOBS))
    .filter((job) => isMonitored(job) && isEnded(job) && job.monitoringStatus !== 1)
    .filter(({ cluster }) => !ROOFLINE_METRICS.some((metric) => hiddenIn(hidden, cluster).includes(metric)));
  const sums: number[] = Array(grid.rows * grid.cols).fill(0);
  // One at a time, because a large job takes a second and other callers wait for the same process.
  for (const job of analyzed) {
    const text = await archiveOf(c).roofline({ job: archiveJob(job), grid }, c.get('deadline'));
    const counts = JSON.parse(orThrow(text, job)) as number[];
    for (const [cell, count] of counts.entries()) sums[cell] = (sums[cell] ?? 0) + count;
  }
  return Array.from({ length: grid.rows }, (_, row) => sums.slice(row * grid.cols, (row + 1) * grid.cols));
}

/** Throws invalid_request if more than `most` jobs match. */
async function oldestFirst(c: Context<AppEnv>, jobs: VisibleJobs, most: number): Promise<MetricJob[]> {
  const found = await c.get('jobs').metricJobs(jobs, most + 1, c.get('deadline'));
  if (found.length > most) throw new Fault('invalid_request', `more than ${most} jobs match: narrow the filter`);
  return found.reverse();
}

async function statisticsTexts(c: Context<AppEnv>, jobs: readonly MetricJob[], metrics: readonly string[]) {
  const texts: (string | null)[] = [];
  for (let from = 0; from < jobs.length; from += META_BATCH) {
    const batch = jobs.slice(from, from + META_BATCH).map(archiveJob);
    texts.push(...(await archiveOf(c).statistics(batch, c.get('deadline'), metrics)));
  }
  return texts;
}

function matchOnlyRunning({ conditions }: VisibleJobs): boolean {
  return conditions.some(
    (condition) =>
      condition.kind === 'member' &&
      condition.field === 'state' &&
      condition.values.every((state) => state === 'running'),
  );
}

function isEnded({ state }: MetricJob): boolean {
  return state !== 'running';
}

/** Monitoring is disabled for jobs with 0, and archiving them has failed with 2. */
function isMonitored({ monitoringStatus }: MetricJob): boolean {
  return monitoringStatus !== 0 && monitoringStatus !== 2;
}

/** The contract names these sums hours, but they count minutes, as in cc-backend. */
function minutes({ duration }: MetricJob): number {
  return Number(duration) / 60;
}

function weightOr1(job: MetricJob, count: number | bigint): number {
  return Number(count) === 0 ? 1 : minutes(job) * Number(count);
}

function orThrow(text: string | null, { jobId }: MetricJob): string {
  if (text === null) throw new Fault('not_found', `the archive has no data of job ${jobId}`);
  return text;
}
