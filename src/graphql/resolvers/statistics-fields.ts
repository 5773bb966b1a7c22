import { histogramMetric } from '../../clusters/metrics.ts';
import { Fault } from '../../faults.ts';
import type { JobFilter } from '../../jobs/filter.ts';
import { GROUPS, type Group } from '../../jobs/groups.ts';
import {
  DEFAULT_DURATION_BINS,
  DEFAULT_METRIC_BINS,
  DURATION_BINS,
  type DurationBins,
  isMetricName,
  METRIC_BINS_LIMIT,
} from '../../jobs/histograms.ts';
import { SORT_FIELDS, type SortField, TOTALS } from '../../jobs/statistics.ts';
import { groupsFor, namesHidden, type VisibleJobs } from '../../jobs/visibility.ts';
import { metricHistogramsQuestion } from '../../questions/metric-histograms/question.ts';
import type { QueryContext } from '../context.ts';
import { type JobFilterInput, jobFilterOf } from '../job-filter.ts';
import type { PageInput } from './job-fields.ts';
import { fieldsAsked, type Resolvers } from './resolver.ts';

interface StatisticsArgs {
  filter?: readonly JobFilterInput[] | null;
  metrics?: readonly string[] | null;
  page?: PageInput | null;
  sortBy?: string | null;
  groupBy?: string | null;
  numDurationBins?: string | null;
  numMetricBins?: bigint | null;
}

/** The number of metrics, and of bins of all metrics, in one field, as in routes/histograms.ts. */
const MOST_METRICS = 64;
const MOST_BINS = 20_000;

const HISTOGRAMS_OF_JOBS = ['histDuration', 'histNumNodes', 'histNumCores', 'histNumAccs'] as const;
const HISTOGRAMS = [...HISTOGRAMS_OF_JOBS, 'histMetrics'] as const;

export const STATISTICS: Resolvers = {
  Query: {
    async jobsStatistics(_, args: StatisticsArgs, context, info) {
      const asked = fieldsAsked(info);
      const filter = jobFilterOf(args.filter, context.nowSec);
      const jobs = context.visible(filter);
      const groupBy = groupOf(args.groupBy, jobs);
      if (groupBy !== undefined && HISTOGRAMS.some((name) => asked.has(name))) {
        throw new Fault('invalid_request', 'histograms cannot be grouped');
      }
      const histograms = new Histograms(jobs, args, context);
      histograms.start(asked);
      const wantsTotals = groupBy !== undefined || TOTALS.some((total) => asked.has(total));
      if (!wantsTotals) return [{ id: '', name: '', histograms }];
      const options = {
        groupBy: groupBy === undefined ? undefined : [groupBy],
        sortBy: groupBy === undefined ? undefined : sortOf(args.sortBy),
        page: groupBy === undefined ? undefined : pageOf(args.page),
      };
      const rows = await context.shared(['statistics', jobs, options], () =>
        context.scans.read('statistics', jobs, options),
      );
      return context.paced(rows.map((row) => ({ ...row, histograms })));
    },
  },
  JobsStatistics: {
    ...Object.fromEntries(
      HISTOGRAMS_OF_JOBS.map((name) => [
        name,
        async (row: StatisticsRow, _: unknown, context: QueryContext) =>
          context.paced((await row.histograms.ofJobs())[name]),
      ]),
    ),
    histMetrics: (row: StatisticsRow) => row.histograms.ofMetrics(),
  },
  MetricHistoPoints: { data: ({ data }: { data: readonly object[] }, _, context) => context.paced(data) },
};

interface StatisticsRow {
  readonly histograms: Histograms;
}

/** USER is the group `user`. */
function groupOf(word: string | null | undefined, jobs: VisibleJobs): Group | undefined {
  const group = GROUPS.find((known) => known === word?.toLowerCase());
  if (group !== undefined && !groupsFor(jobs).includes(group)) throw namesHidden();
  return group;
}

/** TOTALCOREHOURS is the field `totalCoreHours`. */
function sortOf(word: string | null | undefined): SortField | undefined {
  return SORT_FIELDS.find((field) => field.toUpperCase() === word);
}

function pageOf(page: PageInput | null | undefined) {
  if (page === null || page === undefined || page.itemsPerPage === -1n) return undefined;
  if (page.itemsPerPage < 1n) throw new Fault('invalid_request', 'page.itemsPerPage must be at least 1, or -1 for all');
  const safe = (value: bigint) => Math.max(1, Math.min(Number(value), Number.MAX_SAFE_INTEGER));
  return { page: safe(page.page), itemsPerPage: safe(page.itemsPerPage) };
}

/** The histograms of a field, the four of jobs together. */
class Histograms {
  readonly #jobs: VisibleJobs;
  readonly #args: StatisticsArgs;
  readonly #context: QueryContext;

  constructor(jobs: VisibleJobs, args: StatisticsArgs, context: QueryContext) {
    this.#jobs = jobs;
    this.#args = args;
    this.#context = context;
  }

  /** Asks for those that fields will read, together with the totals. The fields report errors. */
  start(asked: ReadonlySet<string>): void {
    if (HISTOGRAMS_OF_JOBS.some((name) => asked.has(name))) this.ofJobs().catch(() => {});
    if (asked.has('histMetrics')) this.ofMetrics().catch(() => {});
  }

  async ofJobs() {
    const bins = durationBinsOf(this.#args.numDurationBins);
    return await this.#context.shared(['histograms', this.#jobs, bins], () =>
      this.#context.scans.read('histograms', this.#jobs, bins),
    );
  }

  async ofMetrics() {
    if (isOnlyRunning(this.#args.filter)) return []; // their values are in the metric store
    const metrics = (this.#args.metrics ?? []).filter(isMetricName);
    const bins = Number(this.#args.numMetricBins ?? DEFAULT_METRIC_BINS);
    if (bins < 1 || bins > METRIC_BINS_LIMIT || metrics.length > MOST_METRICS || bins * metrics.length > MOST_BINS) {
      const most = `at most ${MOST_METRICS} metrics and ${MOST_BINS} bins in all`;
      throw new Fault('invalid_request', `metrics and numMetricBins: ${most}, and each has 1 to ${METRIC_BINS_LIMIT}`);
    }
    const clusters = clusterOf(this.#jobs.conditions);
    const scales = metrics.map((metric) => histogramMetric(this.#context.service.clusters, metric, clusters));
    metricHistogramsQuestion(this.#jobs, scales, bins); // a hidden metric must not fail the other fields of the scan
    return await this.#context.shared(['metric histograms', this.#jobs, scales, bins], () =>
      this.#context.scans.read('metricHistograms', this.#jobs, { scales, bins }),
    );
  }
}

/** Words without bins of their own have those of 24 h (contract/graphql.md §6.1). */
function durationBinsOf(word: string | null | undefined): DurationBins {
  if (word === null || word === undefined) return DEFAULT_DURATION_BINS;
  return Object.hasOwn(DURATION_BINS, word) ? (word as DurationBins) : '24h';
}

function isOnlyRunning(filters: StatisticsArgs['filter']): boolean {
  return (filters ?? []).some(({ state }) => state?.length === 1 && state[0] === 'running');
}

/** The clusters whose peaks count: those of the last condition. */
function clusterOf(conditions: JobFilter): readonly string[] | null {
  const named = conditions.findLast(
    (condition) => condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is',
  );
  return named?.kind === 'text' ? named.values : null;
}
