import { z } from '@hono/zod-openapi';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { jsonRows } from '../src/http/json/responses.ts';
import { GROUP_PAGES, groupBy, groupingOf } from '../src/http/query/grouping-query.ts';
import { JobFilterQuery, zoneNameOf } from '../src/http/query/job-filter-query.ts';
import { once, required } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import { type TableRow, typedColumns } from '../src/jobs/export-format.ts';
import { METRIC } from '../src/jobs/fields.ts';
import { groupMembers } from '../src/jobs/groups.ts';
import {
  DEFAULT_PERCENTILES,
  isDecimalMeasure,
  isMeasure,
  MEASURES,
  type Measure,
  MOST_PERCENTILES,
  PERCENTILE_DIGITS,
  type Percentiles,
} from '../src/jobs/percentiles.ts';

const MEASURE_WORDS = `one of ${MEASURES.join(', ')}, or ${METRIC} and the key of a footprint, such as ${METRIC}flops_any_avg`;
const PERCENTILE = new RegExp(`^\\d{1,3}(?:\\.\\d{1,${PERCENTILE_DIGITS}})?$`);

const Query = JobFilterQuery.extend({
  of: required(measure, { description: `the number of a job: ${MEASURE_WORDS}`, example: 'wait' }),
  p: once(percentiles, DEFAULT_PERCENTILES, {
    description: `percentiles from 0 to 100, separated by commas; default ${DEFAULT_PERCENTILES}`,
    example: '50,90,99',
  }),
  'group-by': groupBy('default: all jobs together'),
  ...GROUP_PAGES,
});

const PercentilesSchema = z.object({
  id: z.string(),
  id2: z.string().optional(),
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
  columns: ({ of, p, 'group-by': groups }) => {
    const ids = groupMembers({ groupBy: groups }).map(({ id }) => id);
    return [
      ...typedColumns(ids, 'text'),
      ...typedColumns(['jobs', 'unknown'], 'whole'),
      ...typedColumns([...new Set(p.map(columnOf))], isDecimalMeasure(of) ? 'decimal' : 'whole'),
    ];
  },
  async ask(c, asked, filter) {
    const jobs = visibleJobs(c, filter);
    const options = {
      of: asked.of,
      percentiles: asked.p,
      nowSec: nowSec(c),
      zone: zoneNameOf(c),
      ...groupingOf(jobs, asked),
    };
    const rows = await c.get('jobs').percentiles(jobs, options, c.get('deadline'));
    return {
      json: () => jsonRows('{"percentiles":', rows, '}', c.get('deadline')),
      rows: () => rows.map(tableRow),
    };
  },
});

/** Each percentile is a column. */
function tableRow({ values, ...group }: Percentiles): TableRow {
  return { ...group, ...Object.fromEntries(values.map(({ p, value }) => [columnOf(p), value])) };
}

/** p50, p99.9 */
function columnOf(percentile: number): string {
  return `p${percentile}`;
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
      `must be numbers from 0 to 100 with at most ${PERCENTILE_DIGITS} decimals, separated by commas: 50,90,99`,
    );
  }
  return numbers.map(Number);
}
