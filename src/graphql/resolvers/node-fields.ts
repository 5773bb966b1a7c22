import { Fault } from '../../faults.ts';
import { rightsOf } from '../../jobs/roles.ts';
import { NodeQuestions } from '../../questions/nodes/ask-nodes.ts';
import type { NodeStateHistory, StateKind } from '../../questions/nodes/question.ts';
import { allocatedNodes } from '../../questions/nodes-with-jobs/sqlite.ts';
import { type Given, idOf } from '../argument-values.ts';
import type { QueryContext } from '../context.ts';
import { type NodeFilterInput, nodeFilterOf, timeStartOf } from '../node-filter.ts';
import type { Resolvers } from './resolver.ts';

interface NodesArgs {
  filter?: Given<readonly NodeFilterInput[]>;
}

/** The words of the argument `type` of nodeStatesTimed. */
const KINDS = new Map<string, StateKind>([
  ['node', 'scheduler'],
  ['health', 'health'],
]);

export const NODES: Resolvers = {
  Query: {
    nodes: (_, args: NodesArgs, context) => listed(args, context, { withMeta: false }),
    nodesWithMeta: (_, args: NodesArgs, context) => listed(args, context, { withMeta: true }),
    async node(_, { id: text }: { id: string }, context) {
      const nodes = nodesFor(context);
      const id = idOf(text);
      const node = await context.once(['node', id], (deadline) => nodes.one(id, deadline));
      if (node === undefined) throw new Fault('not_found', `there is no node with id ${id} that has reported`);
      return node;
    },
    async nodeStates(_, { filter: input }: NodesArgs, context) {
      const nodes = nodesFor(context);
      const filter = nodeFilterOf(input);
      return await context.once(['node states', filter], (deadline) => nodes.counts(filter, deadline));
    },
    async nodeStatesTimed(_, { filter: input, type }: NodesArgs & { type: string }, context) {
      const nodes = nodesFor(context);
      const kind = KINDS.get(type);
      if (kind === undefined) throw new Fault('invalid_request', 'type must be node or health');
      const filter = nodeFilterOf(input);
      const options = { kind, afterSec: timeStartOf(input) };
      return await context.once(['history', filter, options], (deadline) => nodes.history(filter, options, deadline));
    },
    allocatedNodes: (_, { cluster }: { cluster: string }, context) =>
      context.once(['allocated nodes', cluster], (deadline) =>
        context.request.get('db').read(allocatedNodes(cluster), deadline),
      ),
  },
  NodeStatesTimed: {
    counts: ({ counts }: NodeStateHistory, _, context) => context.paced(counts),
    times: ({ times }: NodeStateHistory, _, context) => context.paced(times),
  },
};

async function listed({ filter: input }: NodesArgs, context: QueryContext, options: { withMeta: boolean }) {
  const nodes = nodesFor(context);
  const filter = nodeFilterOf(input);
  const found = await context.once(['nodes', filter, options], (deadline) => nodes.list(filter, options, deadline));
  return { items: context.paced(found), count: found.length };
}

function nodesFor(context: QueryContext): NodeQuestions {
  requireNodes(context);
  return new NodeQuestions(context.request.get('db'));
}

/** Throws `forbidden` unless the caller may see the nodes (contract/graphql.md §2). */
export function requireNodes({ user }: QueryContext): void {
  if (!rightsOf(user).seesNodes) throw new Fault('forbidden', 'the roles of this account do not allow seeing nodes');
}
