import { Fault } from '../../faults.ts';
import { rightsOf } from '../../jobs/roles.ts';
import type { QueryContext } from '../context.ts';
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

/** Throws `forbidden` unless the caller may see the nodes (contract/graphql.md §2). */
export function requireNodes({ user }: QueryContext): void {
  if (!rightsOf(user).seesNodes) throw new Fault('forbidden', 'the roles of this account do not allow seeing nodes');
}
