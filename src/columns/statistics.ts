import type { StatisticsQuestion } from '../db/question.ts';
import { JOB_STATES } from '../jobs/job.ts';
import { offsetOf } from '../jobs/order.ts';
import { SORT_FIELDS } from '../jobs/statistics.ts';
import { memberNumber } from './columns.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { type FilterContext, whereColumns } from './where.ts';

const KEY_COLUMNS = { user: 'hpc_user', project: 'project', cluster: 'cluster', subcluster: 'subcluster' } as const;
export const RUNNING = memberNumber(JOB_STATES, 'running');
/** What a total beyond 63 bits reads as. */
const MOST = 2n ** 63n - 1n;
/** Far beyond any list, and what DuckDB takes as a limit. */
const LAST_ROW = 2n ** 53n;

/** The rows of src/db/statements/job-statistics.ts, without the names of the users: the file has them. */
export function statisticsQuery(question: StatisticsQuestion, context: FilterContext): ColumnQuery {
  const { jobs, nowSec, shortJobSec, groupBy, sortBy, page } = question;
  const key = groupBy === undefined ? "''" : KEY_COLUMNS[groupBy];
  const totals = [
    'count(*) AS "totalJobs"',
    `${groupBy === 'user' ? '1' : 'count(DISTINCT hpc_user)'} AS "totalUsers"`,
    `count(*) FILTER (job_state = ${RUNNING}) AS "runningJobs"`,
    `count(*) FILTER (duration < ${wholeLiteral(shortJobSec)}) AS "shortJobs"`,
    `${hours('d')} AS "totalWalltime"`,
    `${sum('num_nodes')} AS "totalNodes"`,
    `${hours('d * num_nodes')} AS "totalNodeHours"`,
    `${sum('num_hwthreads')} AS "totalCores"`,
    `${hours('d * num_hwthreads')} AS "totalCoreHours"`,
    `${sum('num_acc')} AS "totalAccs"`,
    `${hours('d * num_acc')} AS "totalAccHours"`,
  ];
  const measures = `SELECT ${key} AS key, hpc_user, job_state, duration, ${durationAt(nowSec)} AS d, num_nodes, num_hwthreads, num_acc FROM job WHERE ${whereColumns(jobs.conditions, context)}`;
  const grouped = `SELECT ${groupBy === undefined ? "''" : 'key'} AS id, ${totals.join(', ')} FROM (${measures})${groupBy === undefined ? '' : ' GROUP BY key'}`;
  const known = SORT_FIELDS.find((field) => field === sortBy);
  const order = groupBy === undefined ? '' : ` ORDER BY ${known === undefined ? '' : `"${known}" DESC, `}id`;
  const slice =
    groupBy === undefined || page === undefined
      ? ''
      : ` LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(least(offsetOf(page), LAST_ROW))}`;
  const texts = totals.map((total) => `CAST(${nameOf(total)} AS VARCHAR) AS ${nameOf(total)}`);
  // Sorted outside again: the order of a subquery does not bind.
  const sql = `SELECT id, '' AS name, ${texts.join(', ')} FROM (${grouped}${order}${slice}) AS groups${order.replaceAll('"total', 'groups."total')}`;
  return { sql, parameters: context.parameters.values };
}

/** Seconds so far of a running job, the stored duration of any other; as 64 bits, so that products are. */
export function durationAt(nowSec: number): string {
  return `CASE job_state WHEN ${RUNNING} THEN ${wholeLiteral(nowSec)} - start_time ELSE CAST(duration AS BIGINT) END`;
}

/** DuckDB sums 64-bit integers in 128 bits. */
function sum(value: string): string {
  return `least(coalesce(sum(${value}), 0), ${MOST})`;
}

/** Whole hours of a sum of seconds, cut towards minus infinity. */
function hours(seconds: string): string {
  const total = `coalesce(sum(${seconds}), 0)`;
  return `least((${total} - ((${total} % 3600) + 3600) % 3600) // 3600, ${MOST})`;
}

function nameOf(total: string): string {
  return total.slice(total.lastIndexOf(' ') + 1);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
