import type { Clusters } from '../clusters/clusters.ts';
import { Fault } from '../faults.ts';
import type { JobFilter } from './filter.ts';
import { rightsOf, type User } from './roles.ts';
import { keysShownBy } from './used-fractions.ts';

/** Metrics that a caller must not see: the cluster configuration marks them `restrict`. */
export interface HiddenMetrics {
  /** The hidden metrics of each configured cluster. The list of a cluster that restricts nothing is empty. */
  readonly byCluster: readonly (readonly [cluster: string, metrics: readonly string[]])[];
  /** The hidden metrics of jobs whose cluster is not configured: all metrics restricted by any cluster. */
  readonly elsewhere: readonly string[];
  /** Metrics that no cluster restricts. `mem_used` may be one although `mem` is restricted. */
  readonly open: readonly string[];
}

/**
 * Returns the metrics that this user must not see, or undefined if the user may see all. A metric restricted in one
 * subcluster is hidden in the whole cluster.
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

/** Returns the metrics hidden in jobs of a cluster. */
export function hiddenIn(hidden: HiddenMetrics | undefined, cluster: string): readonly string[] {
  if (hidden === undefined) return [];
  return hidden.byCluster.find(([name]) => name === cluster)?.[1] ?? hidden.elsewhere;
}

/** Returns true if a metric is hidden in some job that a filter may match: in a cluster it names, or in any. */
export function isHiddenAmong(hidden: HiddenMetrics | undefined, filter: JobFilter, metric: string): boolean {
  if (hidden === undefined) return false;
  const named = filter.flatMap((condition) =>
    condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is' ? [condition.values] : [],
  );
  const [names] = named; // several such conditions match less than each of them
  if (names === undefined) return hidden.elsewhere.includes(metric);
  return names.some((name) => hiddenIn(hidden, name).includes(metric));
}

/** Returns true if a footprint key, such as `mem_used_max`, contains a metric hidden in such a job. */
export function isKeyHiddenAmong(hidden: HiddenMetrics | undefined, filter: JobFilter, key: string): boolean {
  if (hidden === undefined || hidden.open.includes(key)) return false;
  return metricsOfKey(key).some((metric) => isHiddenAmong(hidden, filter, metric));
}

/** Returns the metrics a footprint key may mean: `mem_used_max` is a statistic of mem_used, or a metric itself. */
function metricsOfKey(key: string): string[] {
  const end = key.lastIndexOf('_');
  return end <= 0 ? [key] : [key, key.slice(0, end)];
}

/** Throws `forbidden` if a filter uses a hidden metric, since ranges would reveal its values. */
export function refuseHiddenConditions(hidden: HiddenMetrics | undefined, filter: JobFilter): void {
  for (const condition of filter) {
    if (condition.kind === 'footprint') refuseHiddenMetrics(hidden, filter, [condition.key]);
    if (condition.kind === 'decimal') refuseHiddenMetrics(hidden, filter, keysShownBy(condition.field));
  }
}

/** Throws `forbidden` if one of the metrics is hidden in some job that the filter may match. Used for histograms. */
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
