import { z } from '@hono/zod-openapi';
import { answers, apiRoute, jsonRows, resource } from '../src/http/json/responses.ts';
import { filterOf, JobFilterQuery } from '../src/http/query/job-filter-query.ts';
import { losslessJson } from '../src/lossless-json.ts';
import { HISTOGRAM_PARAMETERS, Histograms, histogramsAsked, histogramsIn } from './histograms.ts';
import { GROUP_PARAMETERS, JobsStatisticsSchema, statisticsAsked } from './statistics.ts';

const Query = JobFilterQuery.extend({ ...GROUP_PARAMETERS, ...HISTOGRAM_PARAMETERS });

/** GET statistics/overview: returns totals, groups and histograms of the matching jobs, which are read once for all. */
export const statisticsOverview = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/statistics/overview',
    summary: 'Get totals, groups and histograms of jobs at once',
    request: { query: Query },
    responses: answers(
      'totals and histograms of the matching jobs, and their groups if group-by is given',
      Histograms.extend({ totals: JobsStatisticsSchema, groups: z.array(JobsStatisticsSchema) }),
    ),
  }),
  async (c) => {
    const asked = c.req.valid('query');
    const { jobs, options, groups } = statisticsAsked(c, filterOf(c, Query), asked);
    const statistics = groups.groupBy === undefined ? [{}] : [{}, groups];
    const overview = await c
      .get('jobs')
      .overview(jobs, { ...options, statistics, ...histogramsAsked(c, jobs, asked) }, c.get('deadline'));
    const [[totals] = [], rows = []] = overview.statistics;
    const others = losslessJson({ totals, ...histogramsIn(overview) }).trimEnd();
    return await jsonRows(`${others.slice(0, -1)},"groups":`, rows, '}', c.get('deadline'));
  },
);
