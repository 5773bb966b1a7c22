import { createRoute, z } from '@hono/zod-openapi';
import { answers, json, onlyQuery, resource, WITH_TOKEN } from '../src/http/json/responses.ts';
import { wholeId } from '../src/http/query/query-values.ts';
import { usedNodes } from '../src/questions/used-nodes/sqlite.ts';

/** GET jobs/used_nodes: of each cluster the hosts of jobs that run and started before `ts`. */
export const usedNodesOfJobs = resource().openapi(
  createRoute({
    method: 'get',
    path: '/jobs/used_nodes',
    summary: 'List the hosts of running jobs',
    security: WITH_TOKEN,
    request: {
      query: onlyQuery({
        ts: z.string('must be given once').openapi({ description: 'Unix seconds', example: '1700000000' }),
      }),
    },
    responses: answers(
      'the sorted hosts of each cluster',
      z.object({ usedNodes: z.record(z.string(), z.array(z.string())) }),
    ),
  }),
  async (c) => {
    const before = wholeId('ts', c.req.valid('query').ts);
    const rows = await c.var.db.read(usedNodes(before), c.var.deadline);
    return json({ usedNodes: Object.fromEntries(rows.map(({ cluster, hostnames }) => [cluster, hostnames])) });
  },
);
