import type { StatisticsQuestion } from '../db/question.ts';
import { offsetOf } from '../jobs/order.ts';
import { SORT_FIELDS } from '../jobs/statistics.ts';
import { RUNNING } from './columns.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { type FilterContext, whereColumns } from './where.ts';

const KEY_COLUMNS = { user: 'hpc_user', project: 'project', cluster: 'cluster', subcluster: 'subcluster' } as const;
/** What a total beyond 63 bits reads as. */
const MOST = 2n ** 63n - 1n;
/** Far beyond any list, and what DuckDB takes as a limit. */
const LAST_ROW = 2n ** 53n;

/**
 * The rows of src/db/statements/job-statistics.ts, without the names of the users: the file has them.
 *
 * Two passes: stored durations of all jobs, and what running ones have lasted beyond theirs. Those are few, and DuckDB knows the blocks without
 * any, while a look at the state of each of 20 M jobs took a third of the time. All are integers: the parts add up to the same sums.
 */
export function statisticsQuery(question: StatisticsQuestion, context: FilterContext): ColumnQuery {
  const { jobs, nowSec, shortJobSec, groupBy, sortBy, page } = question;
  const where = whereColumns(jobs.conditions, context);
  const stored = passOf(groupBy, {
    counts: `count(*) AS jobs, 0 AS running, count(*) FILTER (duration < ${wholeLiteral(shortJobSec)}) AS short, ${COUNTED.map((count) => `sum(${count}) AS ${count}`).join(', ')}`,
    users: 'count(DISTINCT hpc_user)',
    seconds: 'CAST(duration AS BIGINT)',
    where,
  });
  const beyond = passOf(groupBy, {
    counts: `0 AS jobs, count(*) AS running, 0 AS short, ${COUNTED.map((count) => `0 AS ${count}`).join(', ')}`,
    users: '0',
    seconds: `${wholeLiteral(nowSec)} - start_time - duration`,
    where: `job_state = ${RUNNING} AND (${where})`,
  });
  const totals = [
    'sum(jobs) AS "totalJobs"',
    `${usersOf(groupBy)} AS "totalUsers"`,
    'sum(running) AS "runningJobs"',
    'sum(short) AS "shortJobs"',
    `${hours('walltime')} AS "totalWalltime"`,
    `${sum('num_nodes')} AS "totalNodes"`,
    `${hours('time_num_nodes')} AS "totalNodeHours"`,
    `${sum('num_hwthreads')} AS "totalCores"`,
    `${hours('time_num_hwthreads')} AS "totalCoreHours"`,
    `${sum('num_acc')} AS "totalAccs"`,
    `${hours('time_num_acc')} AS "totalAccHours"`,
  ];
  const key = groupBy === undefined ? "''" : 'key';
  const grouped = `SELECT ${key} AS id, ${totals.join(', ')} FROM (${stored} UNION ALL ${beyond})${groupBy === undefined ? '' : ' GROUP BY key'}`;
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

const COUNTED = ['num_nodes', 'num_hwthreads', 'num_acc'] as const;

interface Pass {
  readonly counts: string;
  readonly users: string;
  /** What each job adds to the times. */
  readonly seconds: string;
  readonly where: string;
}

/** The sums of one pass, by group and user: counting users within a group takes half as long again as grouping by both. */
function passOf(groupBy: StatisticsQuestion['groupBy'], { counts, users, seconds, where }: Pass): string {
  const times = COUNTED.map((count) => `sum(s * ${count}) AS time_${count}`);
  const sums = `${counts}, sum(s) AS walltime, ${times.join(', ')}`;
  const from = `FROM (SELECT *, ${seconds} AS s FROM job WHERE ${where})`;
  if (groupBy === undefined) return `SELECT ${sums}, ${users} AS users ${from}`;
  const key = KEY_COLUMNS[groupBy];
  return `SELECT ${key} AS key, ${sums} ${from} GROUP BY ${groupBy === 'user' ? key : `${key}, hpc_user`}`;
}

/** The second pass has no jobs, and no users. */
function usersOf(groupBy: StatisticsQuestion['groupBy']): string {
  if (groupBy === undefined) return 'max(users)';
  return groupBy === 'user' ? '1' : 'count(*) FILTER (jobs > 0)';
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
