import { z } from '@hono/zod-openapi';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { jsonRows } from '../src/http/json/responses.ts';
import { GROUP_PAGES, groupBy, groupingOf } from '../src/http/query/grouping-query.ts';
import { JobFilterQuery, zoneNameOf } from '../src/http/query/job-filter-query.ts';
import { choice } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import { UNUSED_TOTALS, unusedColumns } from '../src/jobs/unused-hours.ts';

const Query = JobFilterQuery.extend({
  'group-by': groupBy('default: all jobs together'),
  'sort-by': choice(UNUSED_TOTALS, undefined, 'order of the groups, descending'),
  ...GROUP_PAGES,
});

const whole = () => z.number().openapi({ type: 'integer', format: 'int64' });
const UnusedSchema = z
  .object({
    id: z.string(),
    id2: z.string().optional(),
    ...Object.fromEntries(UNUSED_TOTALS.map((name) => [name, whole()])),
  })
  .openapi('Unused');

/** GET statistics/unused: returns what the matching jobs asked for and did not use, overall or by group. */
export const unusedByJobs = tableResource({
  path: '/statistics/unused',
  summary: 'Get what jobs asked for and did not use, optionally by group',
  query: Query,
  description: 'one element for all jobs, or one for each group; hours are integers',
  schema: z.object({ unused: z.array(UnusedSchema) }),
  columns: ({ 'group-by': groups }) => unusedColumns({ groupBy: groups }),
  async ask(c, asked, filter) {
    const jobs = visibleJobs(c, filter);
    const options = { nowSec: nowSec(c), zone: zoneNameOf(c), sortBy: asked['sort-by'], ...groupingOf(jobs, asked) };
    const rows = await c.get('jobs').unused(jobs, options, c.get('deadline'));
    return {
      json: () => jsonRows('{"unused":', rows, '}', c.get('deadline')),
      rows: () => rows,
    };
  },
});
