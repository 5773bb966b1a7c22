import { requireNodes } from './node-fields.ts';
import type { Resolvers } from './resolver.ts';

/**
 * Measurements of nodes. They are in cc-backend's metric store, which this service does not have. The answers are empty
 * and not errors: an error would null the whole answer, with the jobs that the same pages ask for (contract/frontend.md
 * §1.5).
 */
export const METRIC_STORE: Resolvers = {
  Query: {
    nodeMetrics(_, _args, context) {
      requireNodes(context);
      return [];
    },
    nodeMetricsList(_, _args, context) {
      requireNodes(context);
      return { items: [], totalNodes: 0, count: 0, hasNextPage: false };
    },
    clusterMetrics(_, _args, context) {
      requireNodes(context);
      return { nodeCount: 0, metrics: [] };
    },
  },
};
