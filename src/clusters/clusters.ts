import { type Cluster, type SubCluster, subClusterOfHost } from './derive-cluster.ts';

/** Number of hosts whose subcluster is cached. Above it the cache is emptied, so that no input can fill the memory. */
const REMEMBERED_HOSTS = 100_000;

/** All configured clusters, in directory order. A reload makes another object. */
export class Clusters {
  readonly list: readonly Cluster[];
  readonly #byName: ReadonlyMap<string, Cluster>;
  // Importers look up the same hosts a million times. Searching the node lists takes microseconds each time.
  readonly #subClusterOf = new Map<string, string | undefined>();

  constructor(list: readonly Cluster[]) {
    this.list = list;
    this.#byName = new Map(list.map((cluster) => [cluster.name, cluster]));
  }

  get(name: string): Cluster | undefined {
    return this.#byName.get(name);
  }

  subCluster(cluster: string, name: string): SubCluster | undefined {
    return this.get(cluster)?.subClusters.find((subCluster) => subCluster.name === name);
  }

  /** The subcluster of a host. Undefined if the cluster or the host is not configured. */
  subClusterOf(cluster: string, host: string): string | undefined {
    const key = `${cluster}\n${host}`;
    if (this.#subClusterOf.has(key)) return this.#subClusterOf.get(key);
    const known = this.get(cluster);
    const found = known === undefined ? undefined : subClusterOfHost(known, host);
    if (this.#subClusterOf.size >= REMEMBERED_HOSTS) this.#subClusterOf.clear();
    this.#subClusterOf.set(key, found);
    return found;
  }

  /**
   * Returns the subcluster of a reported host. A host outside all node lists belongs to the subcluster `otherwise` if
   * the cluster has it; `off` means none.
   */
  subClusterOfReported(cluster: string, host: string, otherwise: string): string | undefined {
    const found = this.subClusterOf(cluster, host);
    if (found !== undefined || otherwise === 'off') return found;
    return this.subCluster(cluster, otherwise)?.name;
  }

  /** The largest time step of the cluster's metrics in seconds: the resolution of a job's data. 0 if it is unknown. */
  largestTimestep(cluster: string): number {
    return Math.max(0, ...(this.get(cluster)?.metricConfig.map(({ timestep }) => timestep) ?? []));
  }
}

export const NO_CLUSTERS = new Clusters([]);
