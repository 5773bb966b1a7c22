import type { DuckDbQuery } from '../duckdb-query.ts';
import { summaryOf } from '../group-keys/duckdb.ts';
import { RUNNING } from '../index-columns.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import { bucketsInRuns, type RunSql } from './bucket-runs.ts';
import { type GroupSql, groupSql } from './group-sql.ts';
import { startedWithin, type TimelineQuestion } from './question.ts';
import {
  type BucketSums,
  COUNTS,
  duckDbEnergyUnits,
  duckDbInteger,
  PARTS,
  type Span,
  SUM_NAMES,
  SUMS,
  type Sum,
  spanOf,
  timelineRows,
} from './sums.ts';
import { DAY_SEC, type DaySql, daysIn } from './utc-days.ts';
import { ranOtherwise, SIZES, type WholeJobs, wholeJobs } from './whole-jobs.ts';

/**
 * Returns one row. `json` contains the rows of src/questions/timeline/sqlite.ts as lists of TIMELINE_COLUMNS, in any
 * order.
 *
 * At first all jobs count wholly in one bucket: those of the summary in that of their day of UTC, others in that of their
 * start. Jobs of the summary that start in another bucket are moved to it. Then the jobs that end in another bucket are
 * divided. Only these few are read one by one.
 */
export function timelineQuery(question: TimelineQuestion, context: FilterContext): DuckDbQuery {
  const { edges, groupBy } = question;
  const asked: Asked = {
    ...{ question, context, span: spanOf(edges), buckets: bucketsInRuns(edges), group: groupSql(question, context) },
    started: whereColumns(startedWithin(question), context),
  };
  const days = summaryOf({ groupBy: groupBy && [groupBy] }) === undefined ? undefined : daysIn(edges);
  const whole = wholeJobs(startedWithin(question), days && 'jobs_by_day', context);
  const isMoved = whole.rows === 'days' ? days?.isMoved : undefined;
  const dialect = {
    ...asked.buckets,
    integer: duckDbInteger,
    sum: (value: string, name: string) => `sum(${value}) AS ${name}`, // of 64-bit integers in 128 bits
    parts: (name: string) => [name],
  };
  const { position, index } = asked.group;
  const tables = [
    `ran AS NOT MATERIALIZED (${ranOtherwise(question, index(position('jobs')), context)})`,
    `long AS MATERIALIZED (${longJobs(asked)})`,
    ...(days === undefined || isMoved === undefined
      ? []
      : [`moved AS MATERIALIZED (${movedJobs(asked, days, isMoved)})`]),
  ];
  const rows = timelineRows(asked.span, dialect, [
    wholly(asked, whole, days),
    ...(isMoved === undefined ? [] : [moves(asked)]),
    ...divisions(asked),
  ]);
  // A bucket from which all jobs were moved has a row of zeros.
  const isMore = [...COUNTS, ...SUM_NAMES].map((name) => `${name} <> '0'`).join(' OR ');
  const values = `'["' || concat_ws('","', ${TIMELINE_COLUMNS}) || '"]'`; // they are all integers
  const sql = `SELECT '[' || coalesce(string_agg(${values}, ',' || chr(10)), '') || ']' AS json
    FROM (WITH ${tables.join(', ')}, ${rows}) AS summed WHERE ${isMore}`;
  return { sql, parameters: context.parameters.values };
}

/** The columns of timelineQuery, in the order of its lists. */
export const TIMELINE_COLUMNS = ['grp', 'bucket', ...COUNTS, ...SUM_NAMES];

interface Asked {
  readonly question: TimelineQuestion;
  readonly context: FilterContext;
  readonly span: Span;
  readonly buckets: RunSql;
  readonly group: GroupSql;
  /** True for the jobs that started within the edges, of which those that run are not among the whole ones. */
  readonly started: string;
}

/** A row of `changes` in timelineRows. Without a value it has 0. */
function changes(
  { group }: Asked,
  bucket: string,
  counts: Partial<Record<(typeof COUNTS)[number], string>>,
  sums: Partial<Record<keyof BucketSums, (name: Sum) => string>>,
): string {
  return [
    `${group.index('pos')} AS grp, ${bucket} AS bucket`,
    ...COUNTS.map((name) => `${counts[name] ?? '0'} AS ${name}`),
    ...SUMS.flatMap((name) => PARTS.map((part) => `${sums[part]?.(name) ?? '0'} AS ${part}_${name}`)),
  ].join(', ');
}

/** A number of a job times a value. */
function times(name: Sum, value: string): string {
  return name === 'jobs' || name === 'energy' ? value : `${value} * ${SIZES[name]}`;
}

/** A duration below 0, which other programs may have stored, counts as 0. */
function wholly(asked: Asked, { from, rows, product }: WholeJobs, days: DaySql | undefined): string {
  const { buckets, group, span, started } = asked;
  const begins = `start_time - ${span.firstSec}`;
  const sizes = Object.values(SIZES);
  const counted = rows === 'jobs' || days === undefined ? begins : days.begins(`CAST(span AS BIGINT) * ${DAY_SEC}`);
  const whole = `SELECT ${group.position(rows)} AS pos, ${counted} AS begins, jobs, seconds, energy_units, ${sizes}
      FROM ${from} WHERE job_state <> ${RUNNING}
    UNION ALL SELECT ${group.position('jobs')}, ${begins}, 0, -CAST(duration AS BIGINT), 0, ${sizes}
      FROM job WHERE ${started} AND job_state <> ${RUNNING} AND duration < 0`;
  const own = (name: Sum) =>
    `sum(${name === 'energy' ? 'energy_units' : name === 'jobs' ? 'seconds' : product(SIZES[name])})`;
  const count = 'sum(jobs)';
  return `SELECT ${changes(asked, 'bucket', { started: count, ended: count, entered: count }, { own })}
    FROM (SELECT *, ${buckets.bucket('begins')} AS bucket FROM (${whole}) AS whole) AS whole
    GROUP BY pos, bucket`;
}

/** The jobs of the summary that start in another bucket than that of their day. */
function movedJobs({ buckets, group, span, started }: Asked, { begins }: DaySql, isMoved: string): string {
  const sums = SUMS.map((name) => `sum(${times(name, name === 'energy' ? 'energy_units' : 'seconds')}) AS ${name}`);
  const columns = `${group.position('jobs')} AS pos, start_time - ${span.firstSec} AS begins,
    ${begins(`start_time - start_time % ${DAY_SEC}`)} AS day_begins, CAST(duration AS BIGINT) AS seconds,
    ${Object.values(SIZES)}, ${duckDbEnergyUnits('energy')} AS energy_units`;
  return `SELECT pos, day_bucket, bucket, count(*) AS number, ${sums}
    FROM (SELECT *, ${buckets.bucket('day_begins')} AS day_bucket, ${buckets.bucket('begins')} AS bucket
      FROM (SELECT ${columns} FROM job WHERE ${started} AND job_state <> ${RUNNING} AND ${isMoved}) AS job) AS job
    WHERE day_bucket <> bucket GROUP BY pos, day_bucket, bucket`;
}

function moves(asked: Asked): string {
  const count = 'sign * number';
  const rows = changes(
    asked,
    'CASE WHEN sign < 0 THEN day_bucket ELSE bucket END',
    { started: count, ended: count, entered: count },
    { own: (name) => `sign * ${name}` },
  );
  return `SELECT ${rows} FROM moved, (VALUES (-1), (1)) AS signs (sign)`;
}

/**
 * Jobs that do not end in the bucket of their start: their number, and for each of SUMS the number and the product of it
 * with the seconds after this bucket. `last_bucket` is NULL for the end of the last one and later.
 */
function longJobs({ question, buckets, group, span, started }: Asked): string {
  const { firstSec, lastSec } = span;
  const left = bucketsInRuns(question.edges, 0).left('start_time');
  const columns = `${group.position('jobs')} AS pos, start_time - ${firstSec} AS begins, start_time - ${firstSec} + duration AS leaves,
    duration - ${left} AS after, ${Object.values(SIZES)}, ${duckDbEnergyUnits('energy')} // duration AS energy`;
  const sums = SUMS.flatMap((name) => {
    const number = name === 'jobs' ? 'count(*)' : `sum(${name === 'energy' ? name : SIZES[name]})`;
    return [
      `${number} AS ${name}`,
      `sum(${name === 'energy' ? 'energy * after' : times(name, 'after')}) AS after_${name}`,
    ];
  });
  return `SELECT pos, first_bucket, last_bucket, ${sums}
    FROM (SELECT *, ${buckets.bucket('begins')} AS first_bucket,
        CASE WHEN leaves < ${lastSec - firstSec} THEN ${buckets.bucket('leaves')} END AS last_bucket
      FROM (SELECT ${columns} FROM job WHERE ${started} AND job_state <> ${RUNNING} AND duration >= ${left}) AS job) AS job
    GROUP BY pos, first_bucket, last_bucket`;
}

/**
 * What these jobs change in the bucket of their start, and in the one in which they end. Energy that cannot be spread
 * evenly stays in the first one.
 */
function divisions(asked: Asked): string[] {
  const { edge } = asked.buckets;
  const between = `${edge('last_bucket')} - ${edge('(first_bucket + 1)')}`;
  const first = changes(
    asked,
    'first_bucket',
    { ended: '-jobs' },
    { own: (name) => `-after_${name}`, stay: (name) => name },
  );
  const last = changes(
    asked,
    'last_bucket',
    { ended: 'jobs' },
    { own: (name) => `after_${name} - ${name} * between_sec`, leave: (name) => name },
  );
  return [
    `SELECT ${first} FROM long`,
    `SELECT ${last} FROM (SELECT *, ${between} AS between_sec FROM long WHERE last_bucket IS NOT NULL) AS ended`,
  ];
}
