import { FAILED, type JobFilter, RUNNING } from '../../jobs/filter.ts';
import { MOST_GROUPS } from '../../jobs/groups.ts';
import { recentPeriod, startedSince } from '../../jobs/recent-periods.ts';
import { DEFAULT_SORT_FIELD, type JobsStatistics, type Whole } from '../../jobs/statistics.ts';
import type { CallerQuestions } from '../caller-questions.ts';

/** What is recent here. */
export const PERIOD = recentPeriod('last30d');

/** The recent use of a partition of a cluster. */
export interface PartitionUse {
  readonly cluster: string;
  /** Empty for jobs without a partition. */
  readonly partition: string;
  readonly running: Whole;
  /** Jobs that started in PERIOD, their core hours and the failed ones among them. */
  readonly jobs: Whole;
  readonly coreHours: Whole;
  readonly failed: Whole;
  /** Percentiles of their waits in seconds. null or undefined if no wait is known. */
  readonly waits: readonly (Whole | null | undefined)[];
}

const GROUPS = { groupBy: ['cluster', 'partition'], most: MOST_GROUPS } as const;
/** Percentiles of waits. */
export const WAITS = [50, 90];

/** Reads the use of all partitions, those with the most core hours first. */
export async function readPartitionUse(caller: CallerQuestions): Promise<PartitionUse[]> {
  const { questions, visible, nowSec, deadline } = caller;
  const recent = startedSince(PERIOD, nowSec);
  const jobs = visible(recent); // it may throw, so before anything is asked
  const [started, failed, running, waits] = await Promise.all([
    totalsByPartition(caller, recent),
    totalsByPartition(caller, [...recent, ...FAILED]),
    totalsByPartition(caller, RUNNING),
    questions.percentiles(jobs, { ...GROUPS, of: 'wait', percentiles: WAITS, nowSec }, deadline),
  ]);
  const waitsOf = new Map(waits.map((each) => [keyOf(each), each.values.map(({ value }) => value)]));
  return [...new Map([...started, ...running])].map(([key, { id: cluster, id2: partition = '' }]) => ({
    cluster,
    partition,
    running: running.get(key)?.totalJobs ?? 0,
    jobs: started.get(key)?.totalJobs ?? 0,
    coreHours: started.get(key)?.totalCoreHours ?? 0,
    failed: failed.get(key)?.totalJobs ?? 0,
    waits: waitsOf.get(key) ?? WAITS.map(() => null),
  }));
}

/** Returns the totals of each partition, by its key, those with the most core hours first. */
async function totalsByPartition(
  { questions, visible, nowSec, shortJobSec, deadline }: CallerQuestions,
  filter: JobFilter,
): Promise<Map<string, JobsStatistics>> {
  const options = { ...GROUPS, nowSec, shortJobSec, sortBy: DEFAULT_SORT_FIELD } as const;
  const rows = await questions.statistics(visible(filter), options, deadline);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

function keyOf({ id, id2 = '' }: { id: string; id2?: string }): string {
  return JSON.stringify([id, id2]);
}
