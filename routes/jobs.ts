import { z } from '@hono/zod-openapi';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { jobsAnswer } from '../src/http/jobs/jobs-stream.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { answers, apiRoute, resource } from '../src/http/json/responses.ts';
import { filterOf, JobListQuery } from '../src/http/query/job-filter-query.ts';
import { nowSec } from '../src/http/request.ts';

const List = z.object({
  jobs: z.array(JobSchema),
  items: z.int().openapi({ description: 'the requested items-per-page, not the number of jobs' }),
  page: z.int(),
});

/** GET jobs/: lists a page of jobs, newest start first. The page size has no upper limit: a long page is streamed. */
export const jobs = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/jobs/',
    summary: 'List jobs, newest start first',
    request: { query: JobListQuery },
    responses: answers('the jobs of the page; a page past the end is empty', List),
  }),
  async (c) => {
    const { page, 'items-per-page': itemsPerPage, 'with-metadata': withMetadata } = c.req.valid('query');
    const options = { page, itemsPerPage, withMetadata, nowSec: nowSec(c) };
    return await jobsAnswer(c, visibleJobs(c, filterOf(c, JobListQuery)), options);
  },
);
