import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { groupKey, type Rows, summaryOf } from '../group-keys/duckdb.ts';
import { RUNNING } from '../index-columns.ts';
import { alikeJobs } from '../summaries/alike-jobs.ts';
import type { SummaryName } from '../summaries/summary-tables.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import {
  startedWithin,
  type TimelineGroupsQuestion,
  type TimelineQuestion,
  type TimelineWaitsQuestion,
} from './question.ts';
import {
  type BucketSums,
  bucketOf,
  type CellList,
  type Cells,
  COUNTS,
  cellsOf,
  duckDbEnergyUnits,
  duckDbInteger,
  evenBuckets,
  type FindingDialect,
  PARTS,
  SUMS,
  type Sum,
  timelineGroupRows,
  timelineRows,
} from './sums.ts';

const DAY_SEC = 86_400;
const SIZES = { nodes: 'num_nodes', cores: 'num_hwthreads', accs: 'num_acc' } as const;

/**
 * How times find their buckets. DuckDB copies a list for every 2,048 jobs: arithmetic takes a tenth of the time of a list
 * of 1,800 days.
 */
export function finding(cells: Cells): FindingDialect {
  const { lists } = cells;
  const even = evenBuckets(cells);
  const list = (name: CellList, index: string) => `(CAST([${lists[name].join()}] AS BIGINT[]))[${index} + 1]`;
  if (even === undefined) return { divide: '//', at: list, once: '' };
  const { widthSec, firstEnd } = even;
  return {
    divide: '//',
    at: (name, index) =>
      name === 'edges'
        ? `least(greatest(${firstEnd} + (${index} - 1) * ${widthSec}, 0), ${lists.edges.at(-1)})`
        : list(name, index),
    bucket: (time) => `((${time} + ${widthSec - firstEnd}) // ${widthSec})`,
    once: '',
  };
}

/**
 * The rows of src/questions/timeline/sqlite.ts.
 *
 * Most jobs start and end in the same bucket. So at first all jobs count wholly in the bucket of their start, from the
 * summary by days if the buckets consist of days of UTC. Then those that end in another bucket are read one by one.
 */
export function timelineQuery(question: TimelineQuestion, context: FilterContext): DuckDbQuery {
  const cells = cellsOf(question.edges);
  const dialect = {
    ...finding(cells),
    integer: duckDbInteger,
    sum: (value: string, name: string) => `sum(${value}) AS ${name}`, // of 64-bit integers in 128 bits
    parts: (name: string) => [name],
  };
  const group = (rows: Rows) => groupIndex(question, rows, context);
  const rows = timelineRows(cells, dialect, [
    wholeJobs(question, group, cells, dialect, context),
    negativeJobs(question, group, cells, dialect, context),
    longJobs(question, group, cells, dialect, context),
  ]);
  const sql = `WITH ran AS NOT MATERIALIZED (${otherJobs(question, group, context)}), ${rows}`;
  return { sql, parameters: context.parameters.values };
}

/** The rows of timelineGroups in src/questions/timeline/sqlite.ts, in the same way. */
export function timelineGroupsQuery(question: TimelineGroupsQuestion, context: FilterContext): DuckDbQuery {
  const { edges, most, groupBy, nowSec } = question;
  const [firstSec = 0, lastSec = 0] = [edges[0], edges.at(-1)];
  const group = (rows: Rows) => groupKey(groupBy, rows, { nowSec });
  const whole = { jobs: question.jobs, edges: [firstSec, lastSec], nowSec, groupBy };
  const { from, rows, product } = startedJobs(whole, firstSec, 'jobs_by_month', context);
  const ended = `job WHERE ${whereColumns(startedWithin(whole), context)} AND job_state <> ${RUNNING}`;
  const less = (seconds: string) =>
    `SELECT ${group('jobs')} AS grp, -CAST(${seconds} AS BIGINT) * ${SIZES.cores} AS seconds`;
  const spent = timelineGroupRows({ firstSec, lastSec }, most, (value) => [`sum(${value})`], [
    `SELECT ${group(rows)} AS grp, sum(${product(SIZES.cores)}) AS seconds FROM ${from} WHERE job_state <> ${RUNNING} GROUP BY grp`,
    `${less('duration')} FROM ${ended} AND duration < 0`,
    `${less(`start_time + duration - ${lastSec}`)} FROM ${ended} AND start_time + duration > ${lastSec}`,
  ]);
  const sql = `WITH ran AS NOT MATERIALIZED (${otherJobs(question, group, context)}), ${spent}`;
  return { sql, parameters: context.parameters.values };
}

type GroupOfRows = (rows: Rows) => string;

/** A row of `changes` in timelineRows. Without a value it has 0. */
function changes(
  counts: Partial<Record<(typeof COUNTS)[number], string>>,
  sums: Partial<Record<keyof BucketSums, (name: Sum) => string>>,
): string {
  return [
    ...COUNTS.map((name) => `${counts[name] ?? '0'} AS ${name}`),
    ...SUMS.flatMap((name) => PARTS.map((part) => `${sums[part]?.(name) ?? '0'} AS ${part}_${name}`)),
  ].join(', ');
}

/** Jobs that started within the edges and do not run, as if they had ended in the same bucket. */
function wholeJobs(
  question: TimelineQuestion,
  group: GroupOfRows,
  cells: Cells,
  dialect: FindingDialect,
  context: FilterContext,
): string {
  const { from, begins, rows, product } = startedJobs(question, cells.firstSec, 'jobs_by_day', context);
  const own = (name: Sum) =>
    `sum(${name === 'energy' ? 'energy_units' : name === 'jobs' ? 'seconds' : product(SIZES[name])})`;
  const count = 'sum(jobs)';
  return `SELECT grp, ${bucketOf('begins', cells, dialect)} AS bucket, ${changes({ started: count, ended: count, entered: count }, { own })}
    FROM (SELECT *, ${group(rows)} AS grp, ${begins} AS begins FROM ${from} WHERE job_state <> ${RUNNING}) AS whole
    GROUP BY ALL`;
}

/** `begins` is in seconds since the first edge. */
function startedJobs(
  question: Pick<TimelineQuestion, 'jobs' | 'edges' | 'nowSec' | 'groupBy'>,
  firstSec: number,
  summary: SummaryName,
  context: FilterContext,
) {
  const conditions = startedWithin(question);
  const isSummarized =
    areDays(question) && summaryOf({ groupBy: question.groupBy && [question.groupBy] }) !== undefined;
  const alike = isSummarized ? alikeJobs(conditions, summary, { ...context, hasWide: false }) : undefined;
  if (alike === undefined) {
    const each = `1 AS jobs, CAST(duration AS BIGINT) AS seconds, ${duckDbEnergyUnits('energy')} AS energy_units`;
    return {
      from: `(SELECT *, ${each} FROM job WHERE ${whereColumns(conditions, context)})`,
      begins: `start_time - ${firstSec}`,
      rows: 'jobs' as const,
      product: (size: string) => `seconds * ${size}`,
    };
  }
  return {
    from: alike,
    begins: `greatest(CAST(span AS BIGINT) * ${DAY_SEC} - ${firstSec}, 0)`,
    rows: 'days' as const,
    product: (size: string) => `${context.hasLargeProducts ? 'CAST(seconds AS HUGEINT)' : 'seconds'} * ${size}`,
  };
}

/** True if all buckets consist of days of UTC. The range may cut the first and the last one. */
function areDays({ edges }: Pick<TimelineQuestion, 'edges'>): boolean {
  return edges.slice(1, -1).every((edge) => edge % DAY_SEC === 0);
}

/** A duration below 0, which other programs may have stored, counts as 0. */
function negativeJobs(
  question: TimelineQuestion,
  group: GroupOfRows,
  cells: Cells,
  dialect: FindingDialect,
  context: FilterContext,
): string {
  const own = (name: Sum) =>
    name === 'energy' ? '0' : `sum(-CAST(duration AS BIGINT)${name === 'jobs' ? '' : ` * ${SIZES[name]}`})`;
  return `SELECT grp, ${bucketOf('begins', cells, dialect)} AS bucket, ${changes({}, { own })}
    FROM (SELECT *, ${group('jobs')} AS grp, start_time - ${cells.firstSec} AS begins FROM job
      WHERE ${whereColumns(startedWithin(question), context)} AND job_state <> ${RUNNING} AND duration < 0) AS negative
    GROUP BY ALL`;
}

/**
 * What jobs of wholeJobs that do not end in the bucket of their start change in this one, and in the one in which they
 * end. Energy that cannot be spread evenly stays in the first one.
 */
function longJobs(
  question: TimelineQuestion,
  group: GroupOfRows,
  cells: Cells,
  dialect: FindingDialect,
  context: FilterContext,
): string {
  const { firstSec, lastSec } = cells;
  const bucket = bucketOf('begins', cells, dialect);
  const columns = `${group('jobs')} AS grp, start_time - ${firstSec} AS begins, start_time - ${firstSec} + duration AS leaves,
    CAST(num_nodes AS BIGINT) AS nodes, CAST(num_hwthreads AS BIGINT) AS cores, CAST(num_acc AS BIGINT) AS accs,
    ${duckDbEnergyUnits('energy')} // duration AS energy`;
  const where = `${whereColumns(startedWithin(question), context)} AND job_state <> ${RUNNING} AND duration > 0
    AND ${overAnEdge(question, cells)}`;
  const long = `SELECT *, ${dialect.at('edges', 'last_bucket')} AS last_begins
    FROM (SELECT *, ${dialect.at('edges', 'bucket + 1')} AS ends,
        CASE WHEN leaves < ${lastSec - firstSec} THEN ${bucketOf('leaves', cells, dialect)} END AS last_bucket
      FROM (SELECT *, ${bucket} AS bucket FROM (SELECT ${columns} FROM job WHERE ${where}) AS job) AS job) AS job
    WHERE leaves >= ends`;
  const times = (name: Sum, value: string) => (name === 'jobs' ? value : `${name} * ${value}`);
  return `SELECT grp, bucket, ${changes(
    { ended: 'sum(is_last - is_first)' },
    {
      own: (name) => `sum(${times(name, 'seconds')})`,
      stay: (name) => `sum(${times(name, 'is_first')})`,
      leave: (name) => `sum(${times(name, 'is_last')})`,
    },
  )} FROM (SELECT * EXCLUDE (bucket), 1 - is_last AS is_first, CASE WHEN is_last = 0 THEN bucket ELSE last_bucket END AS bucket,
      CASE WHEN is_last = 0 THEN ends - leaves ELSE leaves - last_begins END AS seconds
      FROM (${long}) AS long, (VALUES (0), (1)) AS ends (is_last) WHERE is_last = 0 OR last_bucket IS NOT NULL) AS long
    GROUP BY grp, bucket`;
}

/** True for all jobs that do not end in the bucket of their start. It excludes most others without finding buckets. */
function overAnEdge({ edges }: TimelineQuestion, { lastSec }: Cells): string {
  const lengths = edges.slice(2, -1).map((edge, at) => edge - (edges[at + 1] ?? 0));
  const stepSec = lengths.reduce((step, length) => divisor(step, length), 0);
  if (stepSec < DAY_SEC) return 'true';
  const step = (time: string) => `(${time} + ${stepSec - ((edges[1] ?? 0) % stepSec)}) // ${stepSec}`;
  return `(${step('start_time')} <> ${step('(start_time + duration)')} OR start_time + duration >= ${lastSec})`;
}

/** The greatest common divisor. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** The index of a job's group. */
export function groupIndex(
  { groupBy, groups, nowSec }: TimelineQuestion | TimelineWaitsQuestion,
  rows: Rows,
  { parameters }: FilterContext,
): string {
  if (groupBy === undefined || groups.length === 0) return '0';
  const known = groups.map((group, at) => `WHEN ${parameters.add(group)} THEN ${at}`);
  return `CASE CAST(${groupKey(groupBy, rows, { nowSec })} AS TEXT) ${known.join(' ')} ELSE ${groups.length} END`;
}

/** The jobs of a question that are not among wholeJobs. */
function otherJobs(
  question: Pick<TimelineQuestion, 'jobs' | 'edges' | 'nowSec'>,
  group: GroupOfRows,
  context: FilterContext,
): string {
  const { jobs, edges, nowSec } = question;
  const columns = `${group('jobs')} AS grp,
    start_time AS start, CASE WHEN job_state = ${RUNNING} THEN 0 ELSE 1 END AS has_ended,
    CASE WHEN job_state = ${RUNNING} THEN greatest(start_time, ${wholeLiteral(nowSec)}) ELSE start_time + greatest(CAST(duration AS BIGINT), 0) END AS stop,
    CAST(num_nodes AS BIGINT) AS nodes, CAST(num_hwthreads AS BIGINT) AS cores, CAST(num_acc AS BIGINT) AS accs,
    energy AS kwh`;
  const started = whereColumns(startedWithin(question), context);
  const ran = whereColumns(jobs.conditions, context);
  return [
    `SELECT ${columns} FROM job WHERE ${started} AND job_state = ${RUNNING}`,
    `SELECT ${columns} FROM job WHERE start_time < ${edges[0] ?? 0} AND ${ran}`,
    ...(context.hasWide ? [`SELECT ${columns} FROM wide_job WHERE ${ran}`] : []),
  ].join(' UNION ALL ');
}
