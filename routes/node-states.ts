import type { Context } from 'hono';
import { inSlices } from '../src/event-loop-turns.ts';
import { largeJsonBody } from '../src/http/json/json-body.ts';
import { answersText, apiRoute, plainText, resource } from '../src/http/json/responses.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';

/** POST and PUT nodestate/, and POST healthcheck with or without a trailing slash: stores the states of nodes. */
export const nodeStates = resource();

/** 20,000 nodes have 300,000 values in 4 MB. The limits are twice that, as is nodesInReport. */
const REPORT = largeJsonBody('the nodes of a cluster', 'nodeStates', {
  bytes: 8 * 1024 * 1024,
  values: 600_000,
  depth: 8,
});

const PATHS = [
  ['post', '/nodestate/'],
  ['put', '/nodestate/'],
  ['post', '/healthcheck'],
  ['post', '/healthcheck/'],
] as const;

for (const [method, path] of PATHS) {
  nodeStates.openapi(
    apiRoute({
      method,
      path,
      summary: 'Report the states of nodes',
      description: 'A node that is in no node list of the cluster is ignored, unless it is already known.',
      request: { body: REPORT.document },
      responses: answersText('an empty body: the states are stored'),
    }),
    async (c) => await store(c),
  );
}

async function store(c: Context<AppEnv>) {
  const { cluster, nodes } = await REPORT.read(c);
  const { clusters, settings } = c.get('service');
  const subClusterOf = (host: string) => clusters.subClusterOfReported(cluster, host, settings.UNKNOWN_HOST_SUBCLUSTER);
  const subClusters = await inSlices(nodes.hostname, subClusterOf, c.get('deadline'));
  await c.get('db').write('addNodeStates', { cluster, timeStamp: nowSec(c), nodes, subClusters }, c.get('deadline'));
  return plainText('');
}
