import { createRoute, z } from '@hono/zod-openapi';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { answers, json, resource, WITH_TOKEN } from '../src/http/json/responses.ts';
import { filterQuery } from '../src/http/query/job-filter-query.ts';

const QUERY = filterQuery({});

/** GET jobs/count: how many jobs match. */
export const count = resource().openapi(
  createRoute({
    method: 'get',
    path: '/jobs/count',
    summary: 'Count jobs',
    security: WITH_TOKEN,
    request: { query: QUERY.document },
    responses: answers('the number of jobs that match', z.object({ count: z.int() })),
  }),
  async (c) => {
    const jobs = visibleJobs(c, QUERY.read(c).filter);
    return json({ count: await c.var.jobs.count(jobs, c.var.deadline) });
  },
);
