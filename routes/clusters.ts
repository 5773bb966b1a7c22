import { createRoute, z } from '@hono/zod-openapi';
import { clusterJson } from '../src/clusters/wire.ts';
import { Fault } from '../src/faults.ts';
import { answers, json, onlyQuery, resource, WITH_TOKEN } from '../src/http/json/responses.ts';

const ClusterSchema = z
  .looseObject({
    name: z.string(),
    metricConfig: z.array(z.looseObject({ name: z.string() })),
    subClusters: z.array(z.looseObject({ name: z.string(), nodes: z.string() })),
  })
  .openapi('Cluster');

/** GET clusters/: every configured cluster in the archive's order, or the one asked for. */
export const clusters = resource().openapi(
  createRoute({
    method: 'get',
    path: '/clusters/',
    summary: 'List the configured clusters',
    security: WITH_TOKEN,
    request: { query: onlyQuery({ cluster: z.string().optional() }) },
    responses: answers('the clusters in the order of the archive', z.object({ clusters: z.array(ClusterSchema) })),
  }),
  (c) => {
    const { clusters: configured } = c.var.service;
    const { cluster: name } = c.req.valid('query');
    if (name === undefined) return json({ clusters: configured.list.map(clusterJson) });
    const cluster = configured.get(name);
    if (cluster === undefined)
      throw new Fault('invalid_request', 'query parameter cluster must be the name of a configured cluster');
    return json({ clusters: [clusterJson(cluster)] });
  },
);
