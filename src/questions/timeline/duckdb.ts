import { FIELDS } from '../../jobs/fields.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { groupKey } from '../group-keys/duckdb.ts';
import { indexColumn, RUNNING } from '../index-columns.ts';
import { percentileRows } from '../percentiles/ranks.ts';
import { type FilterContext, jobsIn, whereColumns } from '../where/duckdb.ts';
import { type TimelineQuestion, WAITS } from './question.ts';
import { type CellList, type Cells, cellsOf, timelineRows, waitsBySlot } from './sums.ts';

const WAIT = indexColumn(FIELDS.wait);
/** Rises with the wait, which is never negative. ln() takes four times as long. */
const WAIT_STEP = `CAST(sqrt(sqrt(${WAIT})) * 8 AS INTEGER)`;

/** How times find their buckets. */
function finding({ lists }: Cells) {
  return {
    divide: '//',
    at: (list: CellList, index: string) => `(CAST([${lists[list].join()}] AS BIGINT[]))[${index} + 1]`,
    once: '',
  } as const;
}

/** The rows of src/questions/timeline/sqlite.ts. */
export function timelineQuery(question: TimelineQuestion, context: FilterContext): DuckDbQuery {
  const cells = cellsOf(question.edges);
  const rows =
    question.kind === 'timeline'
      ? timelineRows(cells, {
          ...finding(cells),
          integer: (value) => `CAST(trunc(${value}) AS BIGINT)`,
          sum: (value, name) => `sum(${value}) AS ${name}`, // of 64-bit integers in 128 bits
          parts: (name) => [name],
        })
      : `${waitsBySlot(cells, question.edges.length - 1, finding(cells))}, ${percentileRows('waits', WAITS, String)}`;
  const sql = `WITH ran AS NOT MATERIALIZED (${jobsThatRan(question, context)}), ${rows}`;
  return { sql, parameters: context.parameters.values };
}

/** The index of a job's group. */
function groupIndex({ groupBy, groups, nowSec }: TimelineQuestion, { parameters }: FilterContext): string {
  if (groupBy === undefined || groups.length === 0) return '0';
  const known = groups.map((group, at) => `WHEN ${parameters.add(group)} THEN ${at}`);
  return `CASE CAST(${groupKey(groupBy, 'jobs', { nowSec })} AS TEXT) ${known.join(' ')} ELSE ${groups.length} END`;
}

function jobsThatRan(question: TimelineQuestion, context: FilterContext): string {
  const { jobs, nowSec } = question;
  const duration = 'greatest(CAST(duration AS BIGINT), 0)';
  return `SELECT ${groupIndex(question, context)} AS grp,
    start_time AS start, CASE WHEN job_state = ${RUNNING} THEN 0 ELSE 1 END AS has_ended,
    CASE WHEN job_state = ${RUNNING} THEN greatest(start_time, ${wholeLiteral(nowSec)}) ELSE start_time + ${duration} END AS stop,
    CAST(num_nodes AS BIGINT) AS nodes, CAST(num_hwthreads AS BIGINT) AS cores, CAST(num_acc AS BIGINT) AS accs,
    energy AS kwh,
    ${WAIT} AS wait, ${WAIT_STEP} AS wait_step
    FROM ${jobsIn(context)} WHERE ${whereColumns(jobs.conditions, context)}`;
}
