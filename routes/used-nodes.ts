import { z } from '@hono/zod-openapi';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { ZoneQuery } from '../src/http/query/job-filter-query.ts';
import { required } from '../src/http/query/query-parameters.ts';
import { ofParameter } from '../src/http/query/query-values.ts';
import { timeOf } from '../src/jobs/time-grammar.ts';
import { usedNodes } from '../src/questions/nodes-with-jobs/sqlite.ts';

/** GET jobs/used_nodes: returns by cluster the hosts of running jobs that started before `ts`. */
export const usedNodesOfJobs = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/jobs/used_nodes',
    summary: 'List the hosts of running jobs',
    request: {
      query: ZoneQuery.extend({
        ts: required(String, { description: 'Unix seconds or a date', example: '1700000000' }),
      }),
    },
    responses: answers(
      'the sorted hosts of each cluster',
      z.object({ usedNodes: z.record(z.string(), z.array(z.string())) }),
    ),
  }),
  async (c) => {
    const { ts, zone } = c.req.valid('query');
    const before = ofParameter('ts', () => timeOf(ts, zone));
    const rows = await c.get('db').read(usedNodes(before), c.get('deadline'));
    return json({ usedNodes: Object.fromEntries(rows.map(({ cluster, hostnames }) => [cluster, hostnames])) });
  },
);
