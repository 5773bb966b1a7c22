import { z } from '@hono/zod-openapi';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { required } from '../src/http/query/query-parameters.ts';
import { wholeId } from '../src/http/query/query-values.ts';
import { usedNodes } from '../src/questions/used-nodes/sqlite.ts';

/** GET jobs/used_nodes: of each cluster the hosts of jobs that run and started before `ts`. */
export const usedNodesOfJobs = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/jobs/used_nodes',
    summary: 'List the hosts of running jobs',
    request: {
      query: z.strictObject({ ts: required(wholeId, { description: 'Unix seconds', example: '1700000000' }) }),
    },
    responses: answers(
      'the sorted hosts of each cluster',
      z.object({ usedNodes: z.record(z.string(), z.array(z.string())) }),
    ),
  }),
  async (c) => {
    const { ts: before } = c.req.valid('query');
    const rows = await c.var.db.read(usedNodes(before), c.var.deadline);
    return json({ usedNodes: Object.fromEntries(rows.map(({ cluster, hostnames }) => [cluster, hostnames])) });
  },
);
