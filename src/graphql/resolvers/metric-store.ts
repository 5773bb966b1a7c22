import { fromUpstream } from '../ask-upstream.ts';
import { withPauses } from '../list-with-pauses.ts';
import { RawJson } from '../raw-json.ts';
import { requireNodes } from './node-fields.ts';
import type { Resolvers } from './resolver.ts';

interface ClusterArgs {
  cluster: string;
}

const NO_NODES = { items: [], totalNodes: 0, count: 0, hasNextPage: false };
const NO_METRICS = { nodeCount: 0, metrics: [] };

/**
 * Measurements of nodes. They are in cc-backend's metric store, which this service does not have: it asks the
 * cc-backend of GRAPHQL_UPSTREAM. Without one the answers are empty and not errors: an error would null the whole
 * answer, with the jobs that the same pages ask for (contract/frontend.md §1.5).
 */
export const METRIC_STORE: Resolvers = {
  Query: {
    async nodeMetrics(_, { cluster }: ClusterArgs, context, info) {
      requireNodes(context);
      return withPauses(
        ((await fromUpstream(context, info, { hidden: context.hiddenIn(cluster) })) ?? []) as readonly unknown[],
        context.turns,
      );
    },
    async nodeMetricsList(_, { cluster }: ClusterArgs, context, info) {
      requireNodes(context);
      return (await fromUpstream(context, info, { hidden: context.hiddenIn(cluster) })) ?? NO_NODES;
    },
    async clusterMetrics(_, { cluster }: ClusterArgs, context, info) {
      requireNodes(context);
      return (await fromUpstream(context, info, { hidden: context.hiddenIn(cluster) })) ?? NO_METRICS;
    },
  },
  NodesResultList: {
    items: ({ items }: { items: readonly unknown[] }, _, context) => withPauses(items, context.turns),
  },
  ClusterMetricWithName: { data: ({ data }: { data: string }) => new RawJson(data) },
};
