import type { DuckDbQuery } from '../duckdb-query.ts';
import { groupKey, summaryOf } from '../group-keys/duckdb.ts';
import { RUNNING } from '../index-columns.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import { startedWithin, type TimelineGroupsQuestion } from './question.ts';
import { spanOf, timelineGroupRows } from './sums.ts';
import { DAY_SEC } from './utc-days.ts';
import { ranOtherwise, SIZES, wholeJobs } from './whole-jobs.ts';

/** Only jobs that are longer may have started earlier than this before the last edge and end after it. */
const LONG_SEC = 7 * DAY_SEC;

/** The rows of timelineGroups in src/questions/timeline/sqlite.ts: whole jobs, less what is after the last edge. */
export function timelineGroupsQuery(question: TimelineGroupsQuestion, context: FilterContext): DuckDbQuery {
  const { edges, most, groupBy, nowSec } = question;
  const span = spanOf(edges);
  const started = startedWithin(question);
  const summary = summaryOf({ groupBy: [groupBy] }) === undefined ? undefined : 'jobs_by_month';
  const { from, rows, product } = wholeJobs(started, summary, context);
  const [whole, key] = [groupKey(groupBy, rows, { nowSec }), groupKey(groupBy, 'jobs', { nowSec })];
  const where = `${whereColumns(started, context)} AND job_state <> ${RUNNING}`;
  const less = (seconds: string, condition: string) =>
    `SELECT ${key} AS grp, -CAST(${seconds} AS BIGINT) * ${SIZES.cores} AS seconds FROM job WHERE ${where} AND ${condition}`;
  const after = `start_time + duration - ${span.lastSec}`;
  const rest = timelineGroupRows(span, most, (value) => [`sum(${value})`], [
    `SELECT ${whole} AS grp, sum(${product(SIZES.cores)}) AS seconds FROM ${from} WHERE job_state <> ${RUNNING} GROUP BY grp`,
    less('duration', 'duration < 0'),
    // Two parts of which DuckDB skips most blocks, or reads one column.
    less(after, `${after} > 0 AND duration <= ${LONG_SEC} AND start_time > ${span.lastSec - LONG_SEC}`),
    less(after, `${after} > 0 AND duration > ${LONG_SEC}`),
  ]);
  const sql = `WITH ran AS NOT MATERIALIZED (${ranOtherwise(question, key, context)}), ${rest}`;
  return { sql, parameters: context.parameters.values };
}
