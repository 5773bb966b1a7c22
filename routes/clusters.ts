import { z } from '@hono/zod-openapi';
import { clusterJson } from '../src/clusters/cluster-json.ts';
import { Fault } from '../src/faults.ts';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { once } from '../src/http/query/query-parameters.ts';
import { parameterNamed } from '../src/http/query/query-values.ts';

const ClusterSchema = z
  .looseObject({
    name: z.string(),
    metricConfig: z.array(z.looseObject({ name: z.string() })),
    subClusters: z.array(z.looseObject({ name: z.string(), nodes: z.string() })),
  })
  .openapi('Cluster');

/** GET clusters/: lists the configured clusters in the order of the archive, or the requested one. */
export const clusters = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/clusters/',
    summary: 'List the configured clusters',
    request: { query: z.strictObject({ cluster: once(String, undefined, { description: 'name of one cluster' }) }) },
    responses: answers('the clusters in the order of the archive', z.object({ clusters: z.array(ClusterSchema) })),
  }),
  (c) => {
    const { clusters: configured } = c.get('service');
    const { cluster: name } = c.req.valid('query');
    if (name === undefined) return json({ clusters: configured.list.map(clusterJson) });
    const cluster = configured.get(name);
    if (cluster === undefined)
      throw new Fault('invalid_request', `${parameterNamed('cluster')} must be the name of a configured cluster`);
    return json({ clusters: [clusterJson(cluster)] });
  },
);
