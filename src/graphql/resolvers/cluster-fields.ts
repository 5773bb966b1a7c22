import type { Cluster, SubCluster } from '../../clusters/derive-cluster.ts';
import { type GlobalMetric, globalMetrics } from '../../clusters/metrics.ts';
import { countNodes } from '../../clusters/node-list.ts';
import { Fault } from '../../faults.ts';
import { rightsOf } from '../../jobs/roles.ts';
import type { Resolvers } from './resolver.ts';

export const CLUSTERS: Resolvers = {
  Query: {
    clusters: (_, _args, context) => context.service.clusters.list,
    // Also where RESTRICTED_METRICS is `show`: cc-backend restricts this list, and only this one.
    globalMetrics(_, _args, context) {
      const all = globalMetrics(context.service.clusters);
      return rightsOf(context.user).restrictedMetrics ? all : all.flatMap(unrestricted);
    },
  },
  Cluster: {
    async partitions({ name }: Cluster, _, context) {
      const all = await context.once(['partitions'], (deadline) => context.request.get('partitions').all(deadline));
      return all.get(name) ?? [];
    },
  },
  SubCluster: {
    numberOfNodes({ name, nodeList }: SubCluster) {
      if (nodeList === undefined) throw new Fault('not_found', `the nodes of subcluster ${name} are not listed`);
      return countNodes(nodeList);
    },
  },
  Topology: {
    accelerators: ({ accelerators }: SubCluster['topology']) => (accelerators.length > 0 ? accelerators : null),
  },
  MetricConfig: {
    subClusters: ({ subClusters }: { subClusters?: readonly object[] }) => subClusters ?? [],
  },
};

/** The metric where it is not restricted. None if it is restricted everywhere. */
function unrestricted(metric: GlobalMetric): GlobalMetric[] {
  const availability = metric.availability.flatMap((each) =>
    each.unrestricted.length === 0 ? [] : [{ ...each, subClusters: each.unrestricted }],
  );
  return availability.length === 0 ? [] : [{ ...metric, availability }];
}
