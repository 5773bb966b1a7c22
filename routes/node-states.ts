import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { answersText, jsonBody, onlyQuery, plainText, resource, WITH_TOKEN } from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { checkedBody } from '../src/http/exact-json.ts';
import { NodeStatesBody } from '../src/http/node-body.ts';
import { nowSec } from '../src/http/request.ts';
import { healthOf, type NodeReport, nodeStateOf } from '../src/jobs/node-state.ts';

/** POST and PUT nodestate/, and POST healthcheck with and without its slash: what a scheduler says of its nodes. */
export const nodeStates = resource();

const PATHS = [
  ['post', '/nodestate/'],
  ['put', '/nodestate/'],
  ['post', '/healthcheck'],
  ['post', '/healthcheck/'],
] as const;

for (const [method, path] of PATHS) {
  nodeStates.openapi(
    createRoute({
      method,
      path,
      summary: 'States of nodes',
      description: 'A node that no node list of the cluster has is passed over, unless it was known before.',
      security: WITH_TOKEN,
      request: { query: onlyQuery({}), body: jsonBody('the nodes of a cluster', NodeStatesBody) },
      responses: answersText('nothing: they are stored'),
    }),
    async (c) => await store(c),
  );
}

async function store(c: Context<AppEnv>) {
  const { cluster, nodes } = await c.var.bodies.withText(c, async (text) => checkedBody(text, NodeStatesBody));
  const { clusters } = c.var.service;
  const reports = nodes.map(({ states, ...node }): NodeReport => {
    const state = nodeStateOf(states);
    const subCluster = clusters.subClusterOf(cluster, node.hostname);
    return { ...node, subCluster, state, health: healthOf(state) };
  });
  await c.var.db.write('addNodeStates', { cluster, timeStamp: nowSec(c), nodes: reports }, c.var.deadline);
  return plainText('');
}
