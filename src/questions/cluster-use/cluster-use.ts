import { type ClusterSize, clusterSize } from '../../clusters/cluster-size.ts';
import type { Cluster } from '../../clusters/derive-cluster.ts';
import { FAILED, type JobFilter, RUNNING } from '../../jobs/filter.ts';
import { type RecentPeriod, startedSince } from '../../jobs/recent-periods.ts';
import type { JobsStatistics, Whole } from '../../jobs/statistics.ts';
import type { CallerQuestions } from '../caller-questions.ts';
import { usedNodes } from '../nodes-with-jobs/sqlite.ts';

/** The running jobs of a cluster, and what they hold. */
export interface ClusterNow {
  readonly name: string;
  /** Undefined if the cluster is not configured. */
  readonly size: ClusterSize | undefined;
  readonly jobs: Whole;
  readonly nodes: number;
  readonly hwthreads: Whole;
  readonly accelerators: Whole;
}

/** The jobs of a cluster that started in a recent period. */
export interface ClusterPast {
  readonly name: string;
  readonly jobs: Whole;
  readonly users: Whole;
  readonly nodeHours: Whole;
  readonly failed: Whole;
  /** The median in seconds. Null if no wait is known. */
  readonly wait: Whole | null;
}

/** Reads what runs on the configured clusters, then on clusters that only occur in jobs. */
export async function readClustersNow(caller: CallerQuestions, configured: readonly Cluster[]): Promise<ClusterNow[]> {
  const { db, visible, nowSec, deadline } = caller;
  const running = visible(RUNNING);
  const [groups, nodes] = await Promise.all([
    totalsByCluster(caller, RUNNING),
    db.read(usedNodes(nowSec + 1, running), deadline),
  ]);
  const names = new Set([...configured.map(({ name }) => name), ...groups.keys()]);
  return [...names].map((name) => {
    const cluster = configured.find((each) => each.name === name);
    const group = groups.get(name);
    return {
      name,
      size: cluster === undefined ? undefined : clusterSize(cluster),
      jobs: group?.totalJobs ?? 0,
      nodes: nodes.find((used) => used.cluster === name)?.hostnames.length ?? 0,
      hwthreads: group?.totalCores ?? 0,
      accelerators: group?.totalAccs ?? 0,
    };
  });
}

/** Reads the use of the clusters on which a job started in a recent period. */
export async function readClustersSince(caller: CallerQuestions, period: RecentPeriod): Promise<ClusterPast[]> {
  const { questions, visible, nowSec, deadline } = caller;
  const since = startedSince(period, nowSec);
  const jobs = visible(since); // it may throw, so before anything is asked
  const waiting = { groupBy: ['cluster'], of: 'wait', percentiles: [50], nowSec } as const;
  const [started, failed, waits] = await Promise.all([
    totalsByCluster(caller, since),
    totalsByCluster(caller, [...since, ...FAILED]),
    questions.percentiles(jobs, waiting, deadline),
  ]);
  const waitOf = new Map(waits.map(({ id, values }) => [id, values[0]?.value]));
  return [...started.values()].map(({ id, totalJobs, totalUsers, totalNodeHours }) => ({
    name: id,
    jobs: totalJobs,
    users: totalUsers,
    nodeHours: totalNodeHours,
    failed: failed.get(id)?.totalJobs ?? 0,
    wait: waitOf.get(id) ?? null,
  }));
}

async function totalsByCluster(
  { questions, visible, nowSec, shortJobSec, deadline }: CallerQuestions,
  filter: JobFilter,
): Promise<Map<string, JobsStatistics>> {
  const options = { nowSec, shortJobSec, groupBy: ['cluster'] } as const;
  const rows = await questions.statistics(visible(filter), options, deadline);
  return new Map(rows.map((row) => [row.id, row]));
}
