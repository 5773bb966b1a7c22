import type { Database, Page } from '../db/port.ts';
import type { RowParser, Statement } from '../db/statement.ts';
import type { Deadline } from '../deadline.ts';
import { inSlices } from '../event-loop-turns.ts';
import { footprintKeys } from '../jobs/export-columns.ts';
import { refuseMoreGroups } from '../jobs/groups.ts';
import { refuseHiddenMetrics } from '../jobs/hidden-metrics.ts';
import {
  type JobHistograms,
  jobHistogramsOf,
  type MetricHistogram,
  type MetricScale,
  metricHistogramsOf,
} from '../jobs/histograms.ts';
import type { Percentiles } from '../jobs/percentiles.ts';
import type { JobsStatistics } from '../jobs/statistics.ts';
import type { TimelineOptions, TimelinePoint } from '../jobs/timeline.ts';
import type { Unused } from '../jobs/unused-hours.ts';
import { refuseHiddenOrder, type VisibleJobs } from '../jobs/visibility.ts';
import {
  aboutConcurrent,
  type ConcurrentJobs,
  concurrentAmong,
  MOST_LINKS,
  type SharingJob,
} from './concurrent-jobs/question.ts';
import { CountRow, countJobs } from './count/sqlite.ts';
import { type ExportedPart, exportedParts } from './exported-jobs/parts.ts';
import type { ExportOptions } from './exported-jobs/question.ts';
import type { HistogramsOptions } from './histograms/question.ts';
import { HistogramRow, jobHistograms } from './histograms/sqlite.ts';
import type { QuestionIndex } from './index-port.ts';
import type { Question } from './index-question.ts';
import { type JobsListOptions, listBatches } from './list/batches.ts';
import { cursorOf } from './list/duckdb.ts';
import { readFullJobs } from './list/full-jobs.ts';
import type { OrderedSlice } from './list/in-order.ts';
import {
  type ListedJob,
  type ListedJobsOptions,
  listedJobs,
  listedJobsAt,
  pageIdsQuestion,
  sliceOf,
} from './list/listed-job-rows.ts';
import { type MetricJob, metricJobs, metricJobsAt } from './list/metric-jobs.ts';
import { isAlongIndex } from './list/newest-first.ts';
import type { PageIdsQuestion } from './list/question.ts';
import { readAhead } from './list/read-ahead.ts';
import type { JobsBatch, JobsBatchOptions } from './list/sqlite.ts';
import { metricHistogramsQuestion } from './metric-histograms/question.ts';
import { MetricHistogramRow, metricHistograms } from './metric-histograms/sqlite.ts';
import { type Overview, type OverviewOptions, type OverviewQuestion, overviewQuestion } from './overview/question.ts';
import { type PercentilesOptions, percentilesQuestion } from './percentiles/question.ts';
import { jobPercentiles, percentilesRow } from './percentiles/sqlite.ts';
import type { StatisticsOptions } from './statistics/question.ts';
import { jobStatistics, statisticsRow } from './statistics/sqlite.ts';
import { jobsWithin, pointsOf, startedIn, type TimelineGroupsQuestion } from './timeline/question.ts';
import {
  TimelineGroupRow,
  TimelineRows,
  timeline,
  timelineGroups,
  timelineWaits,
  WaitsRows,
} from './timeline/sqlite.ts';
import { type UnusedOptions, unusedQuestion } from './unused-hours/question.ts';
import { unusedOf, unusedRow } from './unused-hours/sqlite.ts';

/** How to read the batches of a list. */
export interface ListReading {
  /** Returns the deadline of the next batch. Its `clear` is called when the batch has been read. */
  deadline(): Deadline;
  /** Adds the data of a batch that is not in its rows. */
  complete(page: Page<JobsBatch>, deadline: Deadline): Promise<Page<JobsBatch>>;
  /** True if batches may be read before they are requested. */
  mayReadAhead(): boolean;
}

/** Number of batches of a list read at the same time, if a third reader stays free for others. */
const SIDE_BY_SIDE = 2;

/**
 * The questions about many jobs. The column index answers if it exists and is able to, otherwise SQLite or a libSQL
 * server, with the same rows in the same order. SQL is only built to be run. Each method throws the faults of the
 * Database port.
 */
export class JobQuestions {
  readonly #db: Database;
  readonly #index: QuestionIndex | undefined;

  constructor(db: Database, index?: QuestionIndex) {
    this.#db = db;
    this.#index = index;
  }

  async count(jobs: VisibleJobs, deadline: Deadline): Promise<number> {
    const [row] = await this.#rows({ kind: 'count', jobs }, CountRow, () => countJobs(jobs), deadline);
    return row?.count ?? 0;
  }

  /** Returns one row for all jobs, or one per group in the requested order. Throws invalid_request for too many groups. */
  async statistics(jobs: VisibleJobs, options: StatisticsOptions, deadline: Deadline): Promise<JobsStatistics[]> {
    const question = { kind: 'statistics', jobs, ...options } as const;
    const rows = await this.#rows(question, statisticsRow(options), () => jobStatistics(jobs, options), deadline);
    refuseMoreGroups(options, rows);
    return rows;
  }

  async histograms(jobs: VisibleJobs, options: HistogramsOptions, deadline: Deadline): Promise<JobHistograms> {
    const question = { kind: 'histograms', jobs, ...options } as const;
    const rows = await this.#rows(question, HistogramRow, () => jobHistograms(jobs, options), deadline);
    return jobHistogramsOf(options.bins, rows, options.withWait);
  }

  /** Returns one histogram per scale, in their order. Throws `forbidden` for a metric hidden from the caller. */
  async metricHistograms(
    jobs: VisibleJobs,
    scales: readonly MetricScale[],
    bins: number,
    deadline: Deadline,
  ): Promise<MetricHistogram[]> {
    if (scales.length === 0) return [];
    const question = metricHistogramsQuestion(jobs, scales, bins);
    const rows = await this.#rows(question, MetricHistogramRow, () => metricHistograms(question), deadline);
    return metricHistogramsOf(scales, bins, rows);
  }

  /** Returns one row for all jobs, or one per group. Throws `forbidden` for a metric hidden from the caller. */
  async percentiles(jobs: VisibleJobs, options: PercentilesOptions, deadline: Deadline): Promise<Percentiles[]> {
    const question = percentilesQuestion(jobs, options);
    const rows = await this.#rows(question, percentilesRow(options), () => jobPercentiles(jobs, options), deadline);
    refuseMoreGroups(options, rows);
    return rows;
  }

  /** Returns one row for all jobs, or one per group. Throws `forbidden` for a metric hidden from the caller. */
  async unused(jobs: VisibleJobs, options: UnusedOptions, deadline: Deadline): Promise<Unused[]> {
    const question = unusedQuestion(jobs, options);
    const rows = await this.#rows(question, unusedRow(options), () => unusedOf(jobs, options), deadline);
    refuseMoreGroups(options, rows);
    return rows;
  }

  /** Returns a point for each bucket, or for each bucket and group. Groups are in descending order of core seconds. */
  async timeline(jobs: VisibleJobs, options: TimelineOptions, deadline: Deadline): Promise<TimelinePoint[]> {
    const { edges, nowSec, groupBy, top } = options;
    const within = jobsWithin(jobs, options);
    const found =
      groupBy === undefined
        ? []
        : await this.#groups({ jobs: within, edges, nowSec, groupBy, most: top + 1 }, deadline);
    const groups = found.slice(0, top);
    const asked = { jobs: within, edges, nowSec, groupBy, groups };
    const sums = { kind: 'timeline', ...asked } as const;
    const rows = await this.#rows(sums, TimelineRows, () => timeline(sums), deadline);
    const waits = { kind: 'timeline waits', ...asked, started: startedIn(sums, rows) } as const;
    const waited = await this.#rows(waits, WaitsRows, () => timelineWaits(waits), deadline);
    return await inSlices(pointsOf(sums, found.length > top, rows, waited), (point) => point, deadline);
  }

  async #groups(asked: Omit<TimelineGroupsQuestion, 'kind'>, deadline: Deadline): Promise<string[]> {
    const question = { kind: 'timeline groups', ...asked } as const;
    return await this.#rows(question, TimelineGroupRow, () => timelineGroups(question), deadline);
  }

  /** Returns a page of a list in any order, each job as a line. */
  async listed(jobs: VisibleJobs, options: ListedJobsOptions, deadline: Deadline): Promise<ListedJob[]> {
    const question = pageIdsQuestion(jobs, sliceOf(options));
    const found = question === undefined ? undefined : await this.#pageIds(question, deadline);
    const statement = found === undefined ? listedJobs(jobs, options) : listedJobsAt(jobs, options, found);
    return await this.#db.read(statement, deadline);
  }

  /**
   * Reads whole jobs of a list in any order: `take` receives their REST objects in batches, as JSON texts joined by `,`
   * and a line feed, and may throw to end the reading. `hasMore` tells whether the list goes on. Throws `forbidden` for
   * an order by something hidden from the caller.
   */
  async fullJobs(
    jobs: VisibleJobs,
    slice: OrderedSlice,
    options: JobsBatchOptions & { take: (batch: Uint8Array, rows: number) => void },
    deadline: Deadline,
  ): Promise<{ hasMore: boolean }> {
    refuseHiddenOrder(jobs, slice.column);
    const question = pageIdsQuestion(jobs, { ...slice, limit: slice.limit + 1 });
    return await readFullJobs(jobs, slice, options, {
      found: question === undefined ? undefined : await this.#pageIds(question, deadline),
      read: async (statement) => await this.#db.readPage(statement, deadline),
      take: options.take,
    });
  }

  /**
   * Returns the jobs that ran on the first host of a job during it, with their number. Undefined for a job that has the
   * nodes to itself, or was short. `jobs` determines what the caller may see.
   */
  async concurrent(
    jobs: VisibleJobs,
    job: SharingJob,
    nowSec: number,
    deadline: Deadline,
  ): Promise<(ConcurrentJobs & { count: number }) | undefined> {
    const about = aboutConcurrent(job, nowSec);
    if (about === undefined) return undefined;
    const visible = { ...jobs, conditions: [...jobs.conditions, ...about] };
    const page = { page: 1, itemsPerPage: MOST_LINKS, column: 'start-time', order: 'asc', nowSec } as const;
    const found = await this.listed(visible, page, deadline);
    const concurrent = concurrentAmong(job, found);
    const count = found.length < MOST_LINKS ? concurrent.items.length : await this.count(visible, deadline);
    return { ...concurrent, count };
  }

  /** Returns the newest `limit` jobs as keys of their metric data, newest start first. */
  async metricJobs(jobs: VisibleJobs, limit: number, deadline: Deadline): Promise<MetricJob[]> {
    const question = { kind: 'page ids', jobs, offset: 0n, limit } as const;
    const places = isAlongIndex(jobs) ? undefined : await this.#pageIds(question, deadline);
    return await this.#db.read(places === undefined ? metricJobs(jobs, limit) : metricJobsAt(jobs, places), deadline);
  }

  /**
   * Yields a page of any size, newest start first: batches of REST Job objects as JSON or of rows of a table, some of
   * them read ahead. Throws `forbidden` for a table with a metric hidden from the caller.
   */
  list(jobs: VisibleJobs, options: JobsListOptions, reading: ListReading): AsyncGenerator<Page<JobsBatch>, void, void> {
    const { table } = options;
    if (table !== undefined) refuseHiddenMetrics(jobs.hidden, jobs.conditions, footprintKeys(table.columns));
    const within = async <Result>(work: (deadline: Deadline) => Promise<Result>): Promise<Result> => {
      const deadline = reading.deadline();
      try {
        return await work(deadline);
      } finally {
        deadline.clear();
      }
    };
    const next = listBatches(jobs, options, (question) => within((deadline) => this.#pageIds(question, deadline)));
    return readAhead(
      next,
      (statement) =>
        within(async (deadline) => reading.complete(await this.#db.readPage(statement, deadline), deadline)),
      {
        mayRead: () => reading.mayReadAhead(),
        width: () => (this.#db.idleReaders() < SIDE_BY_SIDE ? 1 : SIDE_BY_SIDE),
      },
    );
  }

  /** All jobs of a list as Parquet files, in parts (exported-jobs/parts.ts). Undefined if `list` must read them. */
  async exportedParts(
    jobs: VisibleJobs,
    options: ExportOptions,
    deadline: Deadline,
  ): Promise<ExportedPart[] | undefined> {
    return await exportedParts(this.#index, jobs, options, deadline);
  }

  /**
   * Answers several questions about the same jobs: the column index in one pass, SQLite one after the other. Throws
   * `forbidden` for a metric hidden from the caller.
   */
  async overview(jobs: VisibleJobs, options: OverviewOptions, deadline: Deadline): Promise<Overview> {
    const { statistics = [], histograms = [], withWait, metricHistograms = [], ...common } = options;
    const question = overviewQuestion(jobs, options);
    const answered = question.parts.length > 1 ? await this.#answered(question, deadline) : this;
    const overview: Overview = { statistics: [], histograms: [], metricHistograms: [] };
    for (const part of statistics) {
      overview.statistics.push(await answered.statistics(jobs, { ...common, ...part }, deadline));
    }
    for (const bins of histograms) {
      const { nowSec } = common;
      overview.histograms.push(await answered.histograms(jobs, { bins, nowSec, withWait }, deadline));
    }
    for (const { scales, bins } of metricHistograms) {
      overview.metricHistograms.push(await answered.metricHistograms(jobs, scales, bins, deadline));
    }
    return overview;
  }

  /** Asks the index about all parts, and answers the questions about each from what it returns. */
  async #answered(question: OverviewQuestion, deadline: Deadline): Promise<JobQuestions> {
    const answers = (await this.#index?.ask(question, deadline))?.values();
    return new JobQuestions(this.#db, { ask: async () => answers?.next().value as unknown[] | undefined });
  }

  async #rows<Row>(
    question: Question,
    row: RowParser<Row>,
    statement: () => Statement<Row>,
    deadline: Deadline,
  ): Promise<Row[]> {
    const rows = await this.#index?.ask(question, deadline);
    if (rows !== undefined) return await inSlices(rows, (each) => row.parse(each), deadline);
    return await this.#db.read(statement(), deadline);
  }

  async #pageIds(question: PageIdsQuestion, deadline: Deadline) {
    return (await this.#index?.ask(question, deadline))?.map(cursorOf);
  }
}
