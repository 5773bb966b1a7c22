import { z } from '@hono/zod-openapi';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { jsonRows } from '../src/http/json/responses.ts';
import { filterOf, JobFilterQuery } from '../src/http/query/job-filter-query.ts';
import { choice, count, once, required } from '../src/http/query/query-parameters.ts';
import { ofParameter, oneOf } from '../src/http/query/query-values.ts';
import { nowSec } from '../src/http/request.ts';
import type { Table } from '../src/jobs/export-format.ts';
import { METRIC } from '../src/jobs/fields.ts';
import { DEFAULT_PAGE_SIZE } from '../src/jobs/paging.ts';
import {
  DEFAULT_PERCENTILES,
  isMeasure,
  MEASURES,
  type Measure,
  MOST_PERCENTILES,
  PERCENTILE_DIGITS,
  type Percentiles,
} from '../src/jobs/percentiles.ts';
import { GROUPS } from '../src/jobs/statistics.ts';
import { groupsFor } from '../src/jobs/visibility.ts';

const MEASURE_WORDS = `one of ${MEASURES.join(', ')}, or ${METRIC} and the key of a footprint, such as ${METRIC}flops_any_avg`;
const PERCENTILE = new RegExp(`^\\d{1,3}(?:\\.\\d{1,${PERCENTILE_DIGITS}})?$`);

const Query = JobFilterQuery.extend({
  of: required(measure, { description: `the number of a job: ${MEASURE_WORDS}`, example: 'wait' }),
  p: once(percentiles, DEFAULT_PERCENTILES, {
    description: `percentiles from 0 to 100, divided by commas; default ${DEFAULT_PERCENTILES}`,
    example: '50,90,99',
  }),
  'group-by': choice(GROUPS, undefined, 'default: all jobs together'),
  page: count(undefined, 'page number, starting at 1; default 1'),
  'items-per-page': count(undefined, `groups per page; default ${DEFAULT_PAGE_SIZE.groupsOfApi}`),
});

const PercentilesSchema = z.object({
  id: z.string(),
  jobs: z.int().openapi({ description: 'jobs with the value' }),
  unknown: z.int().openapi({ description: 'jobs without it' }),
  values: z.array(z.object({ p: z.number(), value: z.number().nullable() })),
});

/** GET statistics/percentiles: returns percentiles of a number of the matching jobs, overall or by group. */
export const percentilesOfJobs = tableResource({
  path: '/statistics/percentiles',
  summary: 'Get percentiles of a number of jobs, optionally by group',
  query: Query,
  description:
    'one element for all jobs, or one for each group; a percentile is the smallest value with at least p % of the values at or below it',
  schema: z.object({ percentiles: z.array(PercentilesSchema) }),
  async ask(c, { of, p, 'group-by': group, page, 'items-per-page': itemsPerPage }) {
    const jobs = visibleJobs(c, filterOf(c, Query));
    const groupBy = group === undefined ? undefined : ofParameter('group-by', () => oneOf(group, groupsFor(jobs)));
    const isPaged = (page ?? itemsPerPage) !== undefined;
    const options = {
      of,
      percentiles: p,
      nowSec: nowSec(c),
      groupBy,
      page: isPaged ? { page: page ?? 1, itemsPerPage: itemsPerPage ?? DEFAULT_PAGE_SIZE.groupsOfApi } : undefined,
    };
    const rows = await c.get('jobs').percentiles(jobs, options, c.get('deadline'));
    return {
      json: () => jsonRows('{"percentiles":', rows, '}', c.get('deadline')),
      table: () => percentilesTable(p, rows),
    };
  },
});

/** Each percentile is a column: p50, p99.9. */
function percentilesTable(asked: readonly number[], groups: readonly Percentiles[]): Table {
  const columns = ['id', 'jobs', 'unknown', ...new Set(asked.map((p) => `p${p}`))];
  const rows = groups.map(({ values, ...group }) => ({
    ...group,
    ...Object.fromEntries(values.map(({ p, value }) => [`p${p}`, value])),
  }));
  return { columns, rows };
}

function measure(text: string): Measure {
  if (isMeasure(text)) return text;
  throw new Fault('invalid_request', `must be ${MEASURE_WORDS}`);
}

function percentiles(text: string): number[] {
  const numbers = text.split(',');
  if (numbers.length > MOST_PERCENTILES) throw new Fault('invalid_request', `must have at most ${MOST_PERCENTILES}`);
  if (!numbers.every((number) => PERCENTILE.test(number) && Number(number) <= 100)) {
    throw new Fault(
      'invalid_request',
      `must be numbers from 0 to 100 with at most ${PERCENTILE_DIGITS} decimals, divided by commas: 50,90,99`,
    );
  }
  return numbers.map(Number);
}
