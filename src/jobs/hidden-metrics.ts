import type { Clusters } from '../clusters/clusters.ts';
import { Fault } from '../faults.ts';
import type { JobFilter } from './filter.ts';
import { rightsOf, type User } from './roles.ts';

/** Metrics that a caller may not see: those that the cluster configuration marks `restrict`. */
export interface HiddenMetrics {
  /** By configured cluster; one that restricts nothing has an empty list. */
  readonly byCluster: readonly (readonly [cluster: string, metrics: readonly string[]])[];
  /** Of jobs whose cluster is not configured: every metric that some cluster restricts. */
  readonly elsewhere: readonly string[];
  /** Metrics that no cluster restricts: `mem_used` may be one although `mem` is restricted. */
  readonly open: readonly string[];
}

/**
 * What this user may not see; undefined where that is nothing. A metric that is restricted in one subcluster is hidden in the whole
 * cluster.
 */
export function hiddenFrom(user: User, clusters: Clusters): HiddenMetrics | undefined {
  if (rightsOf(user).restrictedMetrics) return undefined;
  const byCluster = clusters.list.map(({ name, metricConfig }) => {
    const restricted = metricConfig.filter(
      (metric) => metric.restrict || metric.subClusters.some((override) => override.restrict),
    );
    return [name, restricted.map((metric) => metric.name)] as const;
  });
  const elsewhere = [...new Set(byCluster.flatMap(([, metrics]) => metrics))];
  if (elsewhere.length === 0) return undefined;
  const all = clusters.list.flatMap(({ metricConfig }) => metricConfig.map(({ name }) => name));
  const open = [...new Set(all)].filter((name) => !elsewhere.includes(name));
  return { byCluster, elsewhere, open };
}

/** The metrics hidden of jobs of a cluster. */
export function hiddenIn(hidden: HiddenMetrics | undefined, cluster: string): readonly string[] {
  if (hidden === undefined) return [];
  return hidden.byCluster.find(([name]) => name === cluster)?.[1] ?? hidden.elsewhere;
}

/** Whether a metric is hidden of some job that a filter may match: of one of the clusters it names, or of any. */
export function isHiddenAmong(hidden: HiddenMetrics | undefined, filter: JobFilter, metric: string): boolean {
  if (hidden === undefined) return false;
  const named = filter.flatMap((condition) =>
    condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is' ? [condition.values] : [],
  );
  const [names] = named; // several such conditions match less than each of them
  if (names === undefined) return hidden.elsewhere.includes(metric);
  return names.some((name) => hiddenIn(hidden, name).includes(metric));
}

/** Whether a key of a footprint, `mem_used_max`, holds a hidden metric of some job that a filter may match. */
export function isKeyHiddenAmong(hidden: HiddenMetrics | undefined, filter: JobFilter, key: string): boolean {
  if (hidden === undefined || hidden.open.includes(key)) return false;
  return metricsOfKey(key).some((metric) => isHiddenAmong(hidden, filter, metric));
}

/** The metrics a key of a footprint may be of: `mem_used_max` is mem_used with its statistic, or a metric of that name. */
function metricsOfKey(key: string): string[] {
  const end = key.lastIndexOf('_');
  return end <= 0 ? [key] : [key, key.slice(0, end)];
}

/** Throws `forbidden` for a filter by a metric that is hidden: ranges would tell its values. */
export function refuseHiddenConditions(hidden: HiddenMetrics | undefined, filter: JobFilter): void {
  for (const condition of filter) {
    if (condition.kind === 'footprint' && isKeyHiddenAmong(hidden, filter, condition.key))
      throw restricted(condition.key);
  }
}

/** Throws `forbidden` for a distribution of a metric that is hidden of some job that the filter may match. */
export function refuseHiddenMetrics(
  hidden: HiddenMetrics | undefined,
  filter: JobFilter,
  metrics: readonly string[],
): void {
  const refused = metrics.find((metric) => isKeyHiddenAmong(hidden, filter, metric));
  if (refused !== undefined) throw restricted(refused);
}

function restricted(name: string): Fault {
  return new Fault('forbidden', `the metric ${JSON.stringify(name.slice(0, 100))} is restricted`);
}
