import type { ClusterFile, MetricConfig, SubClusterFile } from './cluster-schema.ts';
import { type NodeList, nodeListHas, parseNodeList } from './node-list.ts';

/** A metric of one subcluster, with its overrides applied. */
export type SubClusterMetric = Omit<MetricConfig, 'subClusters'>;

export interface SubCluster extends Omit<SubClusterFile, 'footprint' | 'energyFootprint'> {
  metricConfig: readonly SubClusterMetric[];
  /** Names of the metrics in the footprint, in the order of the file. */
  footprint: readonly string[];
  /** Names of the metrics in the energy footprint. */
  energyFootprint: readonly string[];
  /** Undefined for `*`, which does not list the nodes. */
  nodeList: NodeList | undefined;
}

/** A configured cluster with all data derived from its cluster.json. */
export interface Cluster {
  name: string;
  metricConfig: readonly MetricConfig[];
  subClusters: readonly SubCluster[];
}

/** Derives a cluster (contract/archive.md §6). Throws an Error that names the subcluster with an invalid node list. */
export function deriveCluster(file: ClusterFile): Cluster {
  return {
    name: file.name,
    metricConfig: file.metricConfig,
    subClusters: file.subClusters.map((subCluster) => deriveSubCluster(subCluster, file.metricConfig)),
  };
}

function deriveSubCluster(file: SubClusterFile, metrics: readonly MetricConfig[]): SubCluster {
  const metricConfig = metrics.flatMap((metric) => metricFor(file.name, metric) ?? []);
  const namesOf = (mark: 'footprint' | 'energy') => metricConfig.filter((m) => m[mark] !== '').map((m) => m.name);
  return {
    ...file,
    metricConfig,
    footprint: [...file.footprint, ...namesOf('footprint')],
    energyFootprint: [...file.energyFootprint, ...namesOf('energy')],
    nodeList: nodeListOf(file),
  };
}

function nodeListOf({ name, nodes }: SubClusterFile): NodeList | undefined {
  if (nodes === '*' || nodes === '') return undefined;
  try {
    return parseNodeList(nodes);
  } catch (cause) {
    throw new Error(`subcluster '${name}': ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** An override replaces all eight values. Missing values become 0, "" or false. Undefined for a removed metric. */
function metricFor(subCluster: string, { subClusters, ...metric }: MetricConfig): SubClusterMetric | undefined {
  const override = subClusters.find(({ name }) => name === subCluster);
  if (override === undefined) return { ...metric, restrict: false };
  if (override.remove) return undefined;
  const { peak, normal, caution, alert, footprint, energy, lowerIsBetter } = override;
  return { ...metric, restrict: false, peak, normal, caution, alert, footprint, energy, lowerIsBetter };
}

/** The subcluster of a host: the one whose node list contains it, or else the first one if its node list is `*`. */
export function subClusterOfHost(cluster: Cluster, host: string): string | undefined {
  const listed = cluster.subClusters.find(({ nodeList }) => nodeList !== undefined && nodeListHas(nodeList, host));
  if (listed !== undefined) return listed.name;
  const [first] = cluster.subClusters;
  return first?.nodes === '*' ? first.name : undefined;
}
