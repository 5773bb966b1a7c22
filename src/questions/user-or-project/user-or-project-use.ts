import { Fault } from '../../faults.ts';
import type { JobFilter } from '../../jobs/filter.ts';
import type { Group } from '../../jobs/groups.ts';
import type { SortColumn } from '../../jobs/list-order.ts';
import type { Percentiles } from '../../jobs/percentiles.ts';
import { recentPeriod, startedSince } from '../../jobs/recent-periods.ts';
import { DEFAULT_SORT_FIELD, type JobsStatistics } from '../../jobs/statistics.ts';
import type { Unused } from '../../jobs/unused-hours.ts';
import { groupsFor } from '../../jobs/visibility.ts';
import type { CallerQuestions } from '../caller-questions.ts';
import type { ListedJob } from '../list/listed-job-rows.ts';
import type { OverviewOptions } from '../overview/question.ts';

/** What is recent here. */
export const PERIOD = recentPeriod('last30d');

export interface UserOrProject {
  readonly subject: 'user' | 'project';
  readonly name: string;
}

/** The jobs of a user or a project that started in a period. */
export interface UseInPeriod {
  /** Undefined without jobs. */
  readonly totals: JobsStatistics | undefined;
  readonly states: readonly JobsStatistics[];
  readonly wait: Percentiles | undefined;
}

/** What jobs asked for and did not use. */
export interface UnusedByGroup {
  readonly total: Unused;
  /** The groups that wasted most. Undefined without groups. */
  readonly by: Group | undefined;
  readonly groups: readonly Unused[];
}

/** What a user or a project has used. */
export interface UserOrProjectUse {
  readonly all: UseInPeriod;
  /** Jobs that started in PERIOD. */
  readonly recent: UseInPeriod;
  readonly months: readonly JobsStatistics[];
  /** The largest groups of all jobs, by core hours. */
  readonly groups: readonly { readonly by: Group; readonly rows: readonly JobsStatistics[] }[];
  /** Jobs that started in PERIOD. */
  readonly largest: readonly ListedJob[];
  readonly longest: readonly ListedJob[];
  /** Of PERIOD. Undefined if the caller may not see a metric that it shows. */
  readonly unused: UnusedByGroup | undefined;
}

/** The groups of a table. */
const FIRST_GROUPS = { page: 1, itemsPerPage: 10 } as const;
const LARGEST = { sortBy: DEFAULT_SORT_FIELD, page: FIRST_GROUPS } as const;
const MOST_JOBS = 5;
/** Percentiles of waits. */
export const WAITS = [50, 90];

/** Reads what a user or a project has used, at any time and in PERIOD. */
export async function readUserOrProjectUse(
  caller: CallerQuestions,
  { subject, name }: UserOrProject,
): Promise<UserOrProjectUse> {
  const filter: JobFilter = [{ kind: 'text', field: subject, operator: 'is', values: [name] }];
  const recentFilter = [...filter, ...startedSince(PERIOD, caller.nowSec)];
  const other = subject === 'user' ? 'project' : 'user';
  const tables = groupsFor(caller.visible(filter)).filter((group) => group === 'partition' || group === other);
  const [all, recent, largest, longest, unused] = await Promise.all([
    useInPeriod(caller, subject, filter, [
      { groupBy: ['month'] },
      ...tables.map((by) => ({ groupBy: [by], ...LARGEST })),
    ]),
    useInPeriod(caller, subject, recentFilter),
    firstJobs(caller, recentFilter, 'num-nodes'),
    firstJobs(caller, recentFilter, 'duration'),
    unusedByGroup(caller, subject, recentFilter),
  ]);
  const [months = [], ...groups] = all.more;
  return {
    all,
    recent,
    months,
    groups: tables.map((by, at) => ({ by, rows: groups[at] ?? [] })),
    largest,
    longest,
    unused,
  };
}

/** Reads the totals of jobs, and `more` groups of them. */
async function useInPeriod(
  { questions, visible, nowSec, shortJobSec, deadline }: CallerQuestions,
  subject: UserOrProject['subject'],
  filter: JobFilter,
  more: OverviewOptions['statistics'] = [],
): Promise<UseInPeriod & { more: readonly (readonly JobsStatistics[])[] }> {
  const jobs = visible(filter);
  const statistics = [{ groupBy: [subject] }, { groupBy: ['state'] }, ...more] as const;
  const [answer, [wait]] = await Promise.all([
    questions.overview(jobs, { nowSec, shortJobSec, statistics }, deadline),
    questions.percentiles(jobs, { of: 'wait', percentiles: WAITS, nowSec }, deadline),
  ]);
  const [[totals] = [], states = [], ...others] = answer.statistics;
  return { totals, states, more: others, wait };
}

/** Reads what jobs did not use, and who wasted most: of a user's jobs by their names, and of a project's by user. */
async function unusedByGroup(
  { questions, visible, nowSec, deadline }: CallerQuestions,
  subject: UserOrProject['subject'],
  filter: JobFilter,
): Promise<UnusedByGroup | undefined> {
  const jobs = visible(filter);
  const by = groupsFor(jobs).find((group) => group === (subject === 'user' ? 'name-family' : 'user'));
  const asked = { nowSec, sortBy: 'idleCoreHours', page: FIRST_GROUPS } as const;
  try {
    const [[total], groups] = await Promise.all([
      questions.unused(jobs, { nowSec }, deadline),
      by === undefined ? [] : questions.unused(jobs, { ...asked, groupBy: [by] }, deadline),
    ]);
    return total === undefined ? undefined : { total, by, groups };
  } catch (error) {
    if (error instanceof Fault && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** Reads the jobs with the largest values. */
async function firstJobs(
  { questions, visible, nowSec, deadline }: CallerQuestions,
  filter: JobFilter,
  column: SortColumn,
): Promise<ListedJob[]> {
  const page = { page: 1, itemsPerPage: MOST_JOBS, column, order: 'desc', nowSec } as const;
  return await questions.listed(visible(filter), page, deadline);
}
