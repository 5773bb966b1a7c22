import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { acceptedFormat, answersExport, answersTable } from '../src/http/exports/export-answer.ts';
import { jobsAnswer, jobsExport } from '../src/http/jobs/jobs-answer.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { apiRoute, resource } from '../src/http/json/responses.ts';
import { filterOf } from '../src/http/query/job-filter-query.ts';
import { JobExportQuery, JobListQuery } from '../src/http/query/job-list-query.ts';
import { queryBody } from '../src/http/query/query-body.ts';
import { readQuery } from '../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../src/jobs/export-format.ts';
import { DEFAULT_PAGE_SIZE } from '../src/jobs/page-sizes.ts';

const List = z.object({
  jobs: z.array(JobSchema),
  items: z.int().openapi({ description: 'the requested items-per-page, not the number of jobs' }),
  page: z.int(),
});

const IN_BODY = queryBody(JobListQuery);
const RESPONSES = answersTable('the jobs of the page; a page past the end is empty', List);

/**
 * GET jobs/: lists a page of jobs, newest start first. The page size has no upper limit: a long page is streamed. POST
 * jobs/ does the same with the query in the body, for filters that do not fit into an address. GET jobs.csv and
 * jobs.ndjson list all matching jobs as a table, as does a list with that type in Accept.
 */
export const jobs = resource()
  .openapi(
    apiRoute({
      method: 'get',
      path: '/jobs/',
      summary: 'List jobs, newest start first',
      request: { query: JobListQuery },
      responses: RESPONSES,
    }),
    (c) => list(c, c.req.valid('query'), queryOf(c)),
  )
  .openapi(
    apiRoute({
      method: 'post',
      path: '/jobs/',
      summary: 'List jobs, newest start first, by a filter in the body',
      request: { body: IN_BODY.document },
      responses: RESPONSES,
    }),
    async (c) => {
      const parameters = await IN_BODY.read(c);
      return await list(c, readQuery(parameters, JobListQuery), parameters);
    },
  );

for (const format of EXPORT_FORMATS) {
  jobs.openapi(
    apiRoute({
      method: 'get',
      path: `/jobs.${format}`,
      summary: `Export jobs as ${format}, newest start first`,
      request: { query: JobExportQuery },
      responses: answersExport('one row for each job', format),
    }),
    (c) => exportedJobs(c, format),
  );
}

function list(c: Context<AppEnv>, query: z.output<typeof JobListQuery>, parameters: URLSearchParams) {
  const format = acceptedFormat(c);
  if (format !== undefined) return exportedJobs(c, format, parameters);
  const { page, 'items-per-page': itemsPerPage, 'with-metadata': withMetadata } = query;
  const options = { page, itemsPerPage, withMetadata, nowSec: nowSec(c) };
  return jobsAnswer(c, visibleJobs(c, filterOf(c, JobListQuery, parameters)), options);
}

/** Answers with jobs as a table. Without `page` and `items-per-page`, the page is all jobs. */
export function exportedJobs(c: Context<AppEnv>, format: ExportFormat, parameters = queryOf(c)) {
  const { page, 'items-per-page': itemsPerPage, columns } = readQuery(parameters, JobExportQuery);
  const most = page === undefined ? Number.MAX_SAFE_INTEGER : DEFAULT_PAGE_SIZE.jobsOfApi;
  const options = { page: page ?? 1, itemsPerPage: itemsPerPage ?? most, withMetadata: false, nowSec: nowSec(c) };
  return jobsExport(c, visibleJobs(c, filterOf(c, JobExportQuery, parameters)), options, { format, columns });
}
