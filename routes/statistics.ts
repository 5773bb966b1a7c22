import { createRoute, z } from '@hono/zod-openapi';
import { answers, json, resource, WITH_TOKEN } from '../src/http/answers.ts';
import { count, JobFilterQuery, oneOf, parseFilter, single } from '../src/http/job-filter-query.ts';
import { nowSec, queryOf } from '../src/http/request.ts';
import { visibleJobs } from '../src/http/visible-jobs.ts';
import { GROUPS, SORT_FIELDS, TOTALS } from '../src/jobs/statistics.ts';
import { groupsFor } from '../src/jobs/visibility.ts';
import { jobStatistics } from '../src/questions/statistics/sqlite.ts';

const Query = JobFilterQuery.extend({
  'group-by': z
    .string()
    .optional()
    .openapi({ enum: [...GROUPS], description: 'default: totals of all jobs' }),
  'sort-by': z
    .string()
    .optional()
    .openapi({ enum: [...SORT_FIELDS], description: 'order of the groups, descending' }),
  page: z.string().optional().openapi({ description: 'page number, starting at 1; default 1', example: '1' }),
  'items-per-page': z.string().optional().openapi({ description: 'groups per page; default 25', example: '25' }),
});
const OWN = ['group-by', 'sort-by', 'page', 'items-per-page'];

const whole = () => z.number().openapi({ type: 'integer', format: 'int64' });
const totals = Object.fromEntries(TOTALS.map((field) => [field, whole()]));
const JobsStatisticsSchema = z.object({ id: z.string(), name: z.string(), ...totals }).openapi('JobsStatistics');

/** GET statistics/jobs: totals over the jobs that match, of all or of each group. */
export const statistics = resource().openapi(
  createRoute({
    method: 'get',
    path: '/statistics/jobs',
    summary: 'Get totals of jobs, optionally by group',
    security: WITH_TOKEN,
    request: { query: Query },
    responses: answers(
      'one element for all jobs, or one for each group; hours are integers',
      z.object({ statistics: z.array(JobsStatisticsSchema) }),
    ),
  }),
  async (c) => {
    const query = queryOf(c);
    const now = nowSec(c);
    const filter = parseFilter(query, now, OWN);
    const jobs = visibleJobs(c, filter);
    const groupBy = query.has('group-by')
      ? oneOf('group-by', single('group-by', query.getAll('group-by')), groupsFor(jobs))
      : undefined;
    const sortBy = query.has('sort-by')
      ? oneOf('sort-by', single('sort-by', query.getAll('sort-by')), SORT_FIELDS)
      : undefined;
    const page = {
      page: count('page', query.getAll('page'), 1),
      itemsPerPage: count('items-per-page', query.getAll('items-per-page'), 25),
    };
    const isPaged = groupBy !== undefined && (query.has('page') || query.has('items-per-page'));
    const rows = await c.var.db.read(
      jobStatistics(jobs, {
        nowSec: now,
        shortJobSec: c.var.service.settings.SHORT_JOB_S,
        groupBy,
        sortBy,
        page: isPaged ? page : undefined,
      }),
      c.var.deadline,
    );
    return json({ statistics: rows });
  },
);
