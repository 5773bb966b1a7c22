import type { Scope, Unit } from './cluster-schema.ts';
import type { Clusters } from './clusters.ts';

/** The data for a metric histogram. The footprint key is `<metric>_<stat>`. Values above `peak` are dropped. */
export interface HistogramMetric {
  metric: string;
  /** Prefix and base as one string, such as `GF/s`. "" if unknown. */
  unit: string;
  /** "" if no cluster has a footprint of the metric. Then no row has its key. */
  stat: string;
  /** 0 if no cluster has the metric. */
  peak: number;
}

/**
 * The metric over some clusters (null: all): the largest peak, and the first unit and stat that are set. Clusters
 * without the metric or without a peak for it are ignored. If none remain, all clusters are used (contract/graphql.md
 * §6.2).
 */
export function histogramMetric(clusters: Clusters, metric: string, names: readonly string[] | null): HistogramMetric {
  const chosen = names === null ? clusters.list : clusters.list.filter(({ name }) => names.includes(name));
  const among = (list: typeof clusters.list) =>
    list.flatMap(({ metricConfig }) => metricConfig.filter(({ name }) => name === metric));
  const asked = among(chosen);
  const configs = asked.some(({ peak }) => peak > 0) ? asked : [...asked, ...among(clusters.list)];
  return {
    metric,
    unit: configs.map(({ unit }) => unit.prefix + unit.base).find((unit) => unit !== '') ?? '',
    stat: configs.map(({ footprint }) => footprint).find((stat) => stat !== '') ?? '',
    peak: Math.max(0, ...configs.map(({ peak }) => peak)),
  };
}

/** One metric over all clusters (contract/graphql.md §9). */
export interface GlobalMetric {
  name: string;
  unit: Unit;
  scope: Scope;
  /** The statistic of the last cluster or subcluster that sets one. "" if none does. */
  footprint: string;
  /** Where the metric exists, and where it is not restricted. */
  availability: { cluster: string; subClusters: string[]; unrestricted: string[] }[];
}

/** All metrics of all clusters, in the order of their first occurrence. */
export function globalMetrics(clusters: Clusters): GlobalMetric[] {
  const byName = new Map<string, GlobalMetric>();
  for (const cluster of clusters.list) {
    for (const metric of cluster.metricConfig) {
      const known = byName.get(metric.name);
      const global: GlobalMetric = known ?? {
        name: metric.name,
        unit: metric.unit,
        scope: metric.scope,
        footprint: '',
        availability: [],
      };
      if (known === undefined) byName.set(metric.name, global);
      const overrideOf = (name: string) => metric.subClusters.find((override) => override.name === name);
      const having = cluster.subClusters.map(({ name }) => name).filter((name) => overrideOf(name)?.remove !== true);
      const restricted = (name: string) => metric.restrict || overrideOf(name)?.restrict === true;
      for (const footprint of [metric.footprint, ...metric.subClusters.map((override) => override.footprint)]) {
        if (footprint !== '') global.footprint = footprint;
      }
      global.availability.push({
        cluster: cluster.name,
        subClusters: having,
        unrestricted: having.filter((name) => !restricted(name)),
      });
    }
  }
  return [...byName.values()];
}

/** Keys and units of the configured footprints, with their statistic and with the average, as cc-backend imports. */
export function footprintKeys(clusters: Clusters): { key: string; unit: string }[] {
  return globalMetrics(clusters).flatMap(({ name, footprint, unit }) => {
    if (footprint === '') return [];
    const configs = clusters.list.flatMap(({ metricConfig }) => metricConfig.filter((metric) => metric.name === name));
    const stats = configs.flatMap((metric) => [metric, ...metric.subClusters]).map((metric) => metric.footprint);
    return [...new Set([...stats, 'avg'])]
      .filter((stat) => stat !== '')
      .map((stat) => ({ key: `${name}_${stat}`, unit: `${unit.prefix}${unit.base}` }));
  });
}
