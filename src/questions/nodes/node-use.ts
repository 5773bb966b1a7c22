import { FAILED, type JobFilter } from '../../jobs/filter.ts';
import { NEWEST_FIRST } from '../../jobs/list-order.ts';
import { recentPeriod, startedSince } from '../../jobs/recent-periods.ts';
import type { Whole } from '../../jobs/statistics.ts';
import type { CallerQuestions } from '../caller-questions.ts';
import type { ListedJob } from '../list/listed-job-rows.ts';

/** The jobs and failures of a node are those of this period. */
export const PERIOD = recentPeriod('last30d');

export interface NodeUseOptions {
  readonly cluster: string;
  readonly hostname: string;
  /** Undefined if the node is not configured. */
  readonly subCluster: string | undefined;
  /** True if the cluster has no other subcluster. */
  readonly isWholeCluster: boolean;
  /** The time of `jobsAt`. */
  readonly at: bigint | undefined;
}

/** Jobs that started in PERIOD, and the failed ones among them. */
export interface Failures {
  readonly jobs: Whole;
  readonly failed: Whole;
}

/** The use of a node by jobs that the caller may see. */
export interface NodeUse {
  /** The newest jobs that ran on it from `from` to `to`, which is PERIOD. */
  readonly jobs: readonly ListedJob[];
  readonly hasMoreJobs: boolean;
  readonly from: number;
  readonly to: number;
  /** The newest jobs that ran on it at one time. */
  readonly jobsAt: readonly ListedJob[];
  readonly failures: Failures;
  /** Those of all nodes of its subcluster or cluster, to compare. Undefined if the node is not configured. */
  readonly failuresOfAll: (Failures & { readonly of: 'subcluster' | 'cluster' }) | undefined;
}

const MOST_BARS = 500;
const MOST_AT = 50;

export async function readNodeUse(caller: CallerQuestions, options: NodeUseOptions): Promise<NodeUse> {
  const { cluster, hostname, at } = options;
  const onNode: JobFilter = [is('cluster', cluster), is('node', hostname)];
  const to = caller.nowSec;
  const from = to - PERIOD.sec;
  const [recent, jobsAt, failures, failuresOfAll] = await Promise.all([
    ranDuring(caller, onNode, { from: BigInt(from), to: BigInt(to + 1) }, MOST_BARS + 1),
    at === undefined ? [] : ranDuring(caller, onNode, { from: at, to: at + 1n }, MOST_AT),
    failuresAmong(caller, onNode),
    failuresToCompare(caller, options),
  ]);
  const jobs = recent.slice(0, MOST_BARS);
  return { jobs, hasMoreJobs: recent.length > MOST_BARS, from, to, jobsAt, failures, failuresOfAll };
}

function is(field: 'cluster' | 'subcluster' | 'node', value: string): JobFilter[number] {
  return { kind: 'text', field, operator: 'is', values: [value] };
}

/** Returns the newest jobs that ran at any moment of a half-open range. */
async function ranDuring(
  { questions, visible, nowSec, deadline }: CallerQuestions,
  filter: JobFilter,
  range: { from: bigint; to: bigint },
  most: number,
): Promise<ListedJob[]> {
  const jobs = visible([...filter, { kind: 'during', range, nowSec }]);
  return await questions.listed(jobs, { page: 1, itemsPerPage: most, ...NEWEST_FIRST, nowSec }, deadline);
}

/** Without other subclusters, all jobs of the cluster count: an index has their number. */
async function failuresToCompare(
  caller: CallerQuestions,
  { cluster, subCluster, isWholeCluster }: NodeUseOptions,
): Promise<NodeUse['failuresOfAll']> {
  if (subCluster === undefined) return undefined;
  return isWholeCluster
    ? { of: 'cluster', ...(await failuresAmong(caller, [is('cluster', cluster)])) }
    : { of: 'subcluster', ...(await failuresAmong(caller, [is('cluster', cluster), is('subcluster', subCluster)])) };
}

async function failuresAmong(
  { questions, visible, nowSec, deadline }: CallerQuestions,
  filter: JobFilter,
): Promise<Failures> {
  const recent = [...filter, ...startedSince(PERIOD, nowSec)];
  const [jobs, failed] = await Promise.all([
    questions.count(visible(recent), deadline),
    questions.count(visible([...recent, ...FAILED]), deadline),
  ]);
  return { jobs, failed };
}
