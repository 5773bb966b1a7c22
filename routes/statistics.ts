import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { jsonRows } from '../src/http/json/responses.ts';
import { GROUP_PAGES, groupBy, groupingOf } from '../src/http/query/grouping-query.ts';
import { JobFilterQuery, times, timesOf, zoneNameOf } from '../src/http/query/job-filter-query.ts';
import { choice } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import type { Condition, JobFilter } from '../src/jobs/filter.ts';
import { CLIPPED_SECONDS, SORT_FIELDS, statisticsColumns, TOTALS } from '../src/jobs/statistics.ts';

/** The parameters of totals and groups. */
export const GROUP_PARAMETERS = {
  'group-by': groupBy('default: totals of all jobs'),
  'sort-by': choice(SORT_FIELDS, undefined, 'order of the groups, descending'),
  clip: times('jobs that ran at any moment of it, and hours inside it only', '2026-10-01..2026-10-31'),
  ...GROUP_PAGES,
};
const Query = JobFilterQuery.extend(GROUP_PARAMETERS);

const whole = () => z.number().openapi({ type: 'integer', format: 'int64' });
const totals = Object.fromEntries(TOTALS.map((field) => [field, whole()]));
const seconds = Object.fromEntries(CLIPPED_SECONDS.map((field) => [field, whole().optional()]));
export const JobsStatisticsSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    id2: z.string().optional(),
    name2: z.string().optional(),
    ...totals,
    ...seconds,
  })
  .openapi('JobsStatistics');

/** GET statistics/jobs: returns totals of the matching jobs, overall or by group. */
export const statistics = tableResource({
  path: '/statistics/jobs',
  summary: 'Get totals of jobs, optionally by group',
  query: Query,
  description: 'one element for all jobs, or one for each group; hours are integers; with clip also seconds',
  schema: z.object({ statistics: z.array(JobsStatisticsSchema) }),
  columns: ({ clip, 'group-by': groups }) => statisticsColumns({ clip, groupBy: groups }),
  async ask(c, asked, filter) {
    const { jobs, options, groups } = statisticsAsked(c, filter, asked);
    const rows = await c.get('jobs').statistics(jobs, { ...options, ...groups }, c.get('deadline'));
    return {
      json: () => jsonRows('{"statistics":', rows, '}', c.get('deadline')),
      rows: () => rows,
    };
  },
});

/** Returns what a request asks for: `groups` has no `groupBy` if it asks for totals. Throws invalid_request. */
export function statisticsAsked(
  c: Context<AppEnv>,
  filter: JobFilter,
  asked: Pick<z.output<typeof Query>, 'group-by' | 'sort-by' | 'page' | 'items-per-page'>,
) {
  const clip = timesOf(c, 'clip');
  const ranInside: Condition[] = clip === undefined ? [] : [{ kind: 'during', range: clip, nowSec: nowSec(c) }];
  const jobs = visibleJobs(c, [...filter, ...ranInside]);
  return {
    jobs,
    options: { nowSec: nowSec(c), shortJobSec: c.get('service').settings.SHORT_JOB_S, clip, zone: zoneNameOf(c) },
    groups: { ...groupingOf(jobs, asked), sortBy: asked['sort-by'] },
  };
}
