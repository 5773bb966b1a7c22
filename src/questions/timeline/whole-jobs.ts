import type { Condition } from '../../jobs/filter.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import type { Rows } from '../group-keys/duckdb.ts';
import { RUNNING } from '../index-columns.ts';
import { alikeJobs } from '../summaries/answered-by-summary.ts';
import type { SummaryName } from '../summaries/summary-tables.ts';
import { type FilterContext, matchingJobs, whereColumns } from '../where/duckdb.ts';
import { startedWithin, type TimelineQuestion } from './question.ts';
import { duckDbEnergyUnits } from './sums.ts';

/** The columns of the sizes of a job. */
export const SIZES = { nodes: 'num_nodes', cores: 'num_hwthreads', accs: 'num_acc' } as const;

/** A FROM clause of jobs, with `jobs`, `seconds` and `energy_units` of each row. */
export interface WholeJobs {
  readonly from: string;
  readonly rows: Extract<Rows, 'jobs' | 'days'>;
  /** The seconds of a row times a column. */
  product(column: string): string;
}

/** Rows of the summary, or jobs if it cannot answer. The jobs of table `wide_job` are not among them. */
export function wholeJobs(
  conditions: readonly Condition[],
  summary: SummaryName | undefined,
  context: FilterContext,
): WholeJobs {
  const alike = summary === undefined ? undefined : alikeJobs(conditions, summary, { ...context, hasWide: false });
  if (alike === undefined) {
    const each = `1 AS jobs, CAST(duration AS BIGINT) AS seconds, ${duckDbEnergyUnits('energy')} AS energy_units`;
    const from = `(SELECT *, ${each} FROM job WHERE ${whereColumns(conditions, context)})`;
    return { from, rows: 'jobs', product: (column) => `seconds * ${column}` };
  }
  const seconds = context.hasLargeProducts ? 'CAST(seconds AS HUGEINT)' : 'seconds';
  return { from: alike, rows: 'days', product: (column) => `${seconds} * ${column}` };
}

/**
 * The jobs of a question that are not among the whole ones: those that run, those that started before the first edge,
 * and those of table `wide_job`. `group` is an expression.
 */
export function ranOtherwise(
  question: Pick<TimelineQuestion, 'jobs' | 'edges' | 'nowSec'>,
  group: string,
  context: FilterContext,
): string {
  const { jobs, edges, nowSec } = question;
  const columns = `${group} AS grp,
    start_time AS start, CASE WHEN job_state = ${RUNNING} THEN 0 ELSE 1 END AS has_ended,
    CASE WHEN job_state = ${RUNNING} THEN greatest(start_time, ${wholeLiteral(nowSec)}) ELSE start_time + greatest(CAST(duration AS BIGINT), 0) END AS stop,
    CAST(num_nodes AS BIGINT) AS nodes, CAST(num_hwthreads AS BIGINT) AS cores, CAST(num_acc AS BIGINT) AS accs,
    energy AS kwh`;
  const started = whereColumns(startedWithin(question), context);
  const ran = () => whereColumns(jobs.conditions, context);
  return [
    `SELECT ${columns} FROM job WHERE ${started} AND job_state = ${RUNNING}`,
    `SELECT ${columns} FROM ${matchingJobs(jobs.conditions, { ...context, hasWide: false })} AND start_time < ${edges[0] ?? 0}`,
    ...(context.hasWide ? [`SELECT ${columns} FROM wide_job WHERE ${ran()}`] : []),
  ].join(' UNION ALL ');
}
