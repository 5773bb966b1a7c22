import { createRoute, z } from '@hono/zod-openapi';
import { answers, json, resource, WITH_TOKEN } from '../src/http/answers.ts';
import { JobFilterQuery, parseFilter } from '../src/http/job-filter-query.ts';
import { nowSec, queryOf } from '../src/http/request.ts';
import { visibleJobs } from '../src/http/visible-jobs.ts';
import { countJobs } from '../src/questions/count/sqlite.ts';

/** GET jobs/count: how many jobs match. */
export const count = resource().openapi(
  createRoute({
    method: 'get',
    path: '/jobs/count',
    summary: 'Count jobs',
    security: WITH_TOKEN,
    request: { query: JobFilterQuery },
    responses: answers('the number of jobs that match', z.object({ count: z.int() })),
  }),
  async (c) => {
    const jobs = visibleJobs(c, parseFilter(queryOf(c), nowSec(c)));
    const [row] = await c.var.db.read(countJobs(jobs), c.var.deadline);
    return json({ count: row?.count ?? 0 });
  },
);
