import { z } from '@hono/zod-openapi';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { filterOf, JobFilterQuery } from '../src/http/query/job-filter-query.ts';

/** GET jobs/count: returns the number of matching jobs. */
export const count = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/jobs/count',
    summary: 'Count jobs',
    request: { query: JobFilterQuery },
    responses: answers('the number of jobs that match', z.object({ count: z.int() })),
  }),
  async (c) => {
    const jobs = visibleJobs(c, filterOf(c, JobFilterQuery));
    return json({ count: await c.get('jobs').count(jobs, c.get('deadline')) });
  },
);
