import { type Group, type Grouping, groupMembers, groupsRead } from '../../jobs/groups.ts';
import { offsetOf } from '../../jobs/paging.ts';
import { type ClippedSeconds, SORT_FIELDS, type Total, totalsOf } from '../../jobs/statistics.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { groupKey, jobsByKey, type Rows, summaryOf } from '../group-keys/duckdb.ts';
import { RUNNING } from '../index-columns.ts';
import { alikeJobs, runningJobs } from '../summaries/answered-by-summary.ts';
import { type FilterContext, matchingJobs } from '../where/duckdb.ts';
import type { StatisticsOptions, StatisticsQuestion } from './question.ts';

/** The values for totals beyond 63 bits. */
const MOST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);
/** Beyond any list, and valid as a limit in DuckDB. */
export const LAST_ROW = 2n ** 53n;

/** The columns of the rows of an answer. */
export function groupColumns(options: Pick<StatisticsOptions, 'clip' | 'groupBy'>): readonly string[] {
  return [...groupMembers(options).map(({ id }) => id), ...totalsOf(options)];
}

/**
 * Returns one row. `json` contains the rows of src/questions/statistics/sqlite.ts as lists of groupColumns, without
 * the names of users and tags, which only the SQLite file has. `key0` and `key1` are lists of the keys. Creating rows of
 * thousands of values in JavaScript took a third of the time of a query over 30 days.
 *
 * There are two passes: the stored durations of all jobs, from a summary if it answers the filter, and the additional
 * time of running jobs. Running jobs are few, and DuckDB skips blocks without any. Checking the state of each of 20 M
 * jobs took a third of the time. All values are integers, so the parts add up to the same sums.
 *
 * What exceeds 64 bits, such as the node seconds of a single job, SQLite computes in REAL. Here the query fails, and the
 * SQL answers. Therefore all that SQLite computes of a single job is computed here in 64 bits too.
 */
export function statisticsQuery(question: StatisticsQuestion, context: FilterContext): DuckDbQuery {
  const { jobs, groupBy = [], sortBy } = question;
  const page = groupsRead(question);
  const { stored, now } = secondsOf(question);
  const { jobs: number, short, total, time, from, rows } = storedJobs(question, context);
  const all = passOf(question, rows, {
    counts: `${number} AS jobs, 0 AS running, ${short} AS short, ${COUNTED.map((count) => `${total(count)} AS ${count}`).join(', ')}`,
    walltime: 'sum(s)',
    time,
    from: jobsByKey(from, groupBy, context),
    users: 'count(DISTINCT hpc_user)',
  });
  const running = `(SELECT *, ${now} AS s, ${stored} AS stored FROM ${runningJobs(jobs.conditions, context)})`;
  const beyond = passOf(question, 'jobs', {
    counts: `0 AS jobs, count(*) AS running, 0 AS short, ${COUNTED.map((count) => `0 AS ${count}`).join(', ')}`,
    walltime: 'sum(s) - sum(stored)',
    time: (count) => `sum(s * ${count}) - sum(stored * ${count})`,
    from: jobsByKey(running, groupBy, context),
    users: '0',
  });
  const fields = totalsOf(question);
  const sums = sumsOf(groupBy);
  const keys = groupBy.map((_, at) => `key${at}`);
  const by = groupBy.length === 0 ? '' : ` GROUP BY ${keys}`;
  const shown = groupBy.length === 0 ? ["'' AS key0"] : keys;
  const totals = [...shown, ...fields.map((name) => `${sums[name]} AS "${name}"`)].join(', ');
  const grouped = `SELECT ${totals} FROM (${all} UNION ALL ${beyond})${by}`;
  const known = SORT_FIELDS.find((field) => field === sortBy);
  const order = [...(known === undefined ? [] : [`groups."${known}" DESC`]), ...keys].join(', ');
  const slice =
    page === undefined
      ? ''
      : ` ORDER BY ${order} LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(least(offsetOf(page), LAST_ROW))}`;
  const texts = [...groupMembers(question).map((_, at) => `key${at}`), ...fields.map((name) => `"${name}"`)];
  const row = `CAST(json_array(${texts.map((value) => `CAST(${value} AS VARCHAR)`).join(', ')}) AS VARCHAR)`;
  const inOrder = order === '' ? '' : ` ORDER BY ${order}`;
  const lists = keys.map((key) => `, CAST(json_group_array(CAST(${key} AS VARCHAR)) AS VARCHAR) AS ${key}`);
  const sql = `SELECT '[' || coalesce(string_agg(${row}, ',' || chr(10)${inOrder}), '') || ']' AS json${lists.join('')}
    FROM (SELECT * FROM (${grouped}) AS groups${slice}) AS groups`;
  return { sql, parameters: context.parameters.values };
}

function sumsOf(groupBy: readonly Group[]): Record<Total | ClippedSeconds, string> {
  return {
    totalJobs: 'sum(jobs)',
    totalUsers: usersOf(groupBy),
    runningJobs: 'sum(running)',
    shortJobs: 'sum(short)',
    totalWalltime: hours('walltime'),
    totalNodes: sum('num_nodes'),
    totalNodeHours: hours('time_num_nodes'),
    totalCores: sum('num_hwthreads'),
    totalCoreHours: hours('time_num_hwthreads'),
    totalAccs: sum('num_acc'),
    totalAccHours: hours('time_num_acc'),
    totalWalltimeSeconds: sum('walltime'),
    totalNodeSeconds: sum('time_num_nodes'),
    totalCoreSeconds: sum('time_num_hwthreads'),
    totalAccSeconds: sum('time_num_acc'),
  };
}

/** The columns that totals sum up, as they are and times the seconds of each job. */
export const COUNTED = ['num_nodes', 'num_hwthreads', 'num_acc'] as const;

interface Pass {
  readonly counts: string;
  readonly users: string;
  readonly walltime: string;
  /** The sum of seconds times a count of COUNTED. */
  readonly time: (count: string) => string;
  /** Rows with the columns of jobs, and the seconds that each row contributes. */
  readonly from: string;
}

/** The sums of one pass by group, and by user too where that counts users faster. */
function passOf(question: StatisticsQuestion, rows: Rows, { counts, users, walltime, time, from }: Pass): string {
  const { groupBy = [] } = question;
  const times = COUNTED.map((count) => `${time(count)} AS time_${count}`);
  const sums = `${counts}, ${walltime} AS walltime, ${times.join(', ')}`;
  const keys = groupBy.map((name, at) => `${groupKey(name, rows, question)} AS key${at}`);
  const counted = isByUser(groupBy) ? [] : [`${users} AS users`];
  const by = [
    ...groupBy.map((_, at) => at + 1),
    ...(isByUser(groupBy) && !groupBy.includes('user') ? ['hpc_user'] : []),
  ];
  return `SELECT ${[...keys, sums, ...counted].join(', ')} FROM ${from}${by.length === 0 ? '' : ` GROUP BY ${by.join(', ')}`}`;
}

/**
 * True if the sums of a pass are by user too, whose rows are then counted: counting the users within groups would take 50
 * % longer. Not for nodes: most users ran jobs on each, and it takes a quarter less time and a tenth less memory.
 */
function isByUser(groupBy: readonly Group[]): boolean {
  return groupBy.includes('user') || (groupBy.length > 0 && !groupBy.includes('node'));
}

/**
 * The jobs of a filter, or rows for those that are alike, as a FROM clause with the columns of jobs. `s` is the sum of
 * their stored durations inside the clip. The other members are aggregates over it.
 */
export function storedJobs(
  question: Pick<StatisticsQuestion, 'jobs' | 'shortJobSec' | 'nowSec' | 'clip'> & Grouping,
  context: FilterContext,
) {
  const { conditions } = question.jobs;
  const summary = isSummarized(question, context) ? summaryOf(question) : undefined;
  const alike = summary === undefined ? undefined : alikeJobs(conditions, summary, context);
  if (alike !== undefined) {
    const days: Rows = summary === 'jobs_by_day' ? 'days' : 'jobs';
    return {
      rows: context.selection === undefined ? days : ('selection' as const),
      jobs: 'sum(jobs)',
      short: 'sum(short)',
      total: (count: string) => `sum(jobs * ${count})`,
      time: timeOfAlike(context),
      from: `(SELECT *, seconds AS s FROM ${alike})`,
    };
  }
  return {
    rows: 'jobs' as const,
    jobs: 'count(*)',
    short: `count_if(duration < ${wholeLiteral(question.shortJobSec)})`,
    total: (count: string) => `sum(${count})`,
    time,
    from: `(SELECT *, ${secondsOf(question).stored} AS s FROM ${matchingJobs(conditions, context)})`,
  };
}

function time(count: string): string {
  return `sum(s * ${count})`;
}

/** A wide job has a row of its own. If its product exceeds 64 bits, the SQL must answer. */
function timeOfAlike({ hasWide, hasLargeProducts, selection }: FilterContext): (count: string) => string {
  if (selection === undefined && !hasLargeProducts) return time;
  const large = (count: string) => `CAST(s AS HUGEINT) * ${count}`;
  if (!hasWide) return (count) => `sum(${large(count)})`;
  return (count) => `sum(CASE WHEN wide_id IS NULL THEN ${large(count)} ELSE CAST(s AS BIGINT) * ${count} END)`;
}

/** A summary has the sums of whole durations, and short jobs by one limit. */
function isSummarized(
  { clip, shortJobSec }: Pick<StatisticsOptions, 'clip' | 'shortJobSec'>,
  { summaries, selection }: FilterContext,
): boolean {
  return selection !== undefined || (clip === undefined && shortJobSec === summaries?.shortJobSec);
}

/** The second pass counts neither jobs nor users. */
function usersOf(groupBy: readonly Group[]): string {
  if (!isByUser(groupBy)) return 'max(users)';
  return groupBy.includes('user') ? '1' : 'count(*) FILTER (jobs > 0)';
}

/** Seconds so far of a running job, 0 before its start, and the stored duration of any other. */
export function duckDbDurationAt(nowSec: number): string {
  return `CASE job_state WHEN ${RUNNING} THEN ${secondsSoFar(nowSec)} ELSE CAST(duration AS BIGINT) END`;
}

/** Returns the seconds of a job that count: `stored` by its stored duration, `now` if it runs until now. */
function secondsOf({ nowSec, clip }: Pick<StatisticsOptions, 'nowSec' | 'clip'>): { stored: string; now: string } {
  if (clip === undefined) return { stored: 'CAST(duration AS BIGINT)', now: secondsSoFar(nowSec) };
  const { from, to } = clip;
  const first = from === undefined ? 'start_time' : `greatest(start_time, ${wholeLiteral(from)})`;
  const now = `greatest(0, ${wholeLiteral(to === undefined ? nowSec : least(BigInt(nowSec), to))} - ${first})`;
  if (to === undefined) return { stored: `greatest(0, start_time + duration - ${first})`, now };
  // The start and the duration are not added: the sum may exceed 64 bits, and then only the end of the clip matters.
  const before = from === undefined ? '0' : `greatest(0, ${wholeLiteral(from)} - start_time)`;
  return { stored: `greatest(0, least(duration, ${wholeLiteral(to)} - start_time) - ${before})`, now };
}

/** Seconds so far of a running job, 0 before its start. */
function secondsSoFar(nowSec: number): string {
  return `greatest(0, ${wholeLiteral(nowSec)} - start_time)`;
}

/** DuckDB sums 64-bit integers in 128 bits. */
function sum(value: string): string {
  return `greatest(least(coalesce(sum(${value}), 0), ${MOST}), ${LEAST})`;
}

/**
 * Whole hours of a sum of seconds, rounded towards minus infinity. DuckDB divides 128-bit integers bit by bit, so sums
 * that fit in 64 bits are divided there: totals of 1,500 users take 15 ms of CPU instead of 23.
 */
export function hours(seconds: string): string {
  const total = `coalesce(sum(${seconds}), 0)`;
  const wholeHours = (value: string) => `(${value} // 3600 - CAST(${value} % 3600 < 0 AS TINYINT))`;
  return `coalesce(${wholeHours(`TRY_CAST(${total} AS BIGINT)`)}, least(${wholeHours(total)}, ${MOST}))`;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
