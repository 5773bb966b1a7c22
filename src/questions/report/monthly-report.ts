import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import type { Condition, JobFilter } from '../../jobs/filter.ts';
import type { Month } from '../../jobs/month.ts';
import type { Percentiles } from '../../jobs/percentiles.ts';
import { DEFAULT_SORT_FIELD, type JobsStatistics } from '../../jobs/statistics.ts';
import { edgesOf, type TimelinePoint } from '../../jobs/timeline.ts';
import type { Unused } from '../../jobs/unused-hours.ts';
import { groupsFor, type VisibleJobs } from '../../jobs/visibility.ts';
import type { JobQuestions } from '../ask.ts';

/** What a report may be about. It has a table by each of the others. */
export const REPORT_SUBJECTS = ['cluster', 'project', 'user'] as const;
export type ReportSubject = (typeof REPORT_SUBJECTS)[number];

export interface ReportOptions {
  readonly month: Month;
  /** All of them must hold. Without one the report is about all jobs. */
  readonly about: Readonly<Partial<Record<ReportSubject, string | undefined>>>;
  readonly nowSec: number;
}

export interface MonthlyReport extends ReportOptions {
  /** Jobs that ran in the month, with the seconds inside it. */
  readonly totals: JobsStatistics | undefined;
  /** The groups of them with most core hours. */
  readonly tables: readonly { readonly by: ReportSubject; readonly groups: readonly JobsStatistics[] }[];
  /** Waits of the jobs that started in the month. */
  readonly wait: Percentiles | undefined;
  /** Jobs that ended in the month, with all of their hours. */
  readonly states: readonly JobsStatistics[];
  /** Of the same jobs. Undefined if the caller may not see a metric of it. */
  readonly unused: Unused | undefined;
  /** The days of the month that have begun. */
  readonly days: readonly TimelinePoint[];
}

/** Groups of each table. */
export const MOST_REPORTED = 20;
/** The percentiles of the waits. */
export const WAITS = [50, 90];

/**
 * Reads the report of a month. `visible` limits a filter to the jobs that the caller may see. For a month that has ended
 * the answer does not depend on `nowSec`: it stays the same until a job is added, changed or deleted.
 */
export async function readMonthlyReport(
  questions: JobQuestions,
  visible: (filter: JobFilter) => VisibleJobs,
  options: ReportOptions,
  deadline: Deadline,
): Promise<MonthlyReport> {
  const { month, about, nowSec } = options;
  const [from, to] = [BigInt(month.from), BigInt(month.to)];
  const jobsOf = (...more: Condition[]) => visible([...conditionsOf(about), ...more]);
  const ran = jobsOf({ kind: 'during', range: { from, to }, nowSec });
  const started = jobsOf({ kind: 'whole', field: 'start-time', range: { from, to: to - 1n } });
  const ended = jobsOf({ kind: 'ended', range: { from, to: to - 1n } });
  const choices = groupsFor(ran);
  const groupings = REPORT_SUBJECTS.filter((by) => about[by] === undefined && choices.includes(by));
  const counting = { nowSec, shortJobSec: 0 }; // a report has no short jobs
  const page = { page: 1, itemsPerPage: MOST_REPORTED };
  const largest = groupings.map((by) => ({ groupBy: [by], sortBy: DEFAULT_SORT_FIELD, page }) as const);
  const edges = edgesOf('day', month.zone, nowSec, { from, to });
  const [{ statistics }, [wait], states, unused, points] = await Promise.all([
    questions.overview(ran, { ...counting, clip: { from, to }, statistics: [{}, ...largest] }, deadline),
    questions.percentiles(started, { of: 'wait', percentiles: WAITS, nowSec }, deadline),
    questions.statistics(ended, { ...counting, groupBy: ['state'] }, deadline),
    unusedOf(questions, ended, nowSec, deadline),
    questions.timeline(jobsOf(), { edges, nowSec, top: 0 }, deadline),
  ]);
  const [[totals] = [], ...groups] = statistics;
  const tables = groupings.map((by, at) => ({ by, groups: groups[at] ?? [] }));
  const days = points.filter((day) => day.from <= nowSec);
  return { ...options, totals, tables, wait, states, unused, days };
}

function conditionsOf(about: ReportOptions['about']): Condition[] {
  return REPORT_SUBJECTS.flatMap((field): Condition[] => {
    const name = about[field];
    return name === undefined ? [] : [{ kind: 'text', field, operator: 'is', values: [name] }];
  });
}

async function unusedOf(questions: JobQuestions, jobs: VisibleJobs, nowSec: number, deadline: Deadline) {
  try {
    const [all] = await questions.unused(jobs, { nowSec }, deadline);
    return all;
  } catch (error) {
    if (error instanceof Fault && error.code === 'forbidden') return undefined;
    throw error;
  }
}
