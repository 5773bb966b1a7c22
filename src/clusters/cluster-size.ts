import type { Cluster, SubCluster } from './derive-cluster.ts';
import { countNodes } from './node-list.ts';

/** The size of a cluster according to its configuration. Undefined if the configuration does not say it. */
export interface ClusterSize {
  nodes: number | undefined;
  hwthreads: number | undefined;
  accelerators: number | undefined;
}

export function clusterSize({ subClusters }: Pick<Cluster, 'subClusters'>): ClusterSize {
  const nodes = sum(subClusters.map(nodesOf));
  const times = (each: (subCluster: SubCluster) => number | undefined) =>
    sum(subClusters.map((subCluster) => product(nodesOf(subCluster), each(subCluster))));
  return { nodes, hwthreads: times(threadsOf), accelerators: times(({ topology }) => topology.accelerators.length) };
}

/** `*` does not list the nodes. */
function nodesOf({ nodeList }: SubCluster): number | undefined {
  return nodeList === undefined ? undefined : countNodes(nodeList);
}

function threadsOf({ topology, socketsPerNode, coresPerSocket, threadsPerCore }: SubCluster): number | undefined {
  const listed = topology.node?.length ?? 0;
  const counted = socketsPerNode * coresPerSocket * Math.max(1, threadsPerCore);
  return listed || counted || undefined;
}

function product(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a * b;
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((total, value) => (total === undefined || value === undefined ? undefined : total + value), 0);
}
