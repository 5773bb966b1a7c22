import { FIELDS } from '../../jobs/fields.ts';
import { type DuckDbQuery, Parameters } from '../duckdb-query.ts';
import { indexColumn } from '../index-columns.ts';
import { percentileRows } from '../percentiles/ranks.ts';
import { type FilterContext, jobsIn, whereColumns } from '../where/duckdb.ts';
import { bucketsInRuns } from './bucket-runs.ts';
import { groupSql } from './group-sql.ts';
import { startedWithin, type TimelineWaitsQuestion, WAITS } from './question.ts';
import { spanOf } from './sums.ts';

const WAIT = indexColumn(FIELDS.wait);
/** Rises with the wait, which is never negative. ln() takes four times as long. */
const WAIT_STEP = `CAST(sqrt(sqrt(${WAIT})) * 8 AS INTEGER)`;
/** So many waits are sorted at a time, which takes up to 30 MB. */
const MOST_SORTED = 1_000_000;
/** Sorted waits have 32 bits, which takes half the memory. A percentile of these seconds or more is found otherwise. */
const MOST_SEC = 2 ** 31 - 1;

/** The rows of src/questions/timeline/sqlite.ts. */
export async function timelineWaitsRows(
  connection: { rows(query: DuckDbQuery): Promise<Record<string, unknown>[]> },
  question: TimelineWaitsQuestion,
  index: Omit<FilterContext, 'parameters'>,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const slice of slicesOf(question)) {
    const read = (one: Slice) => connection.rows(waitsQuery(question, one, { ...index, parameters: new Parameters() }));
    const found = await read(slice);
    const isLong = slice.isSmall && found.some((row) => Object.values(row).includes(String(MOST_SEC)));
    rows.push(...(isLong ? await read({ ...slice, isSmall: false }) : found));
  }
  return rows.sort((a, b) => Number(a['id']) - Number(b['id']));
}

/** Buckets next to each other. */
interface Slice {
  readonly first: number;
  /** The first bucket after it. */
  readonly end: number;
  /** True if its waits may be sorted in memory. */
  readonly isSmall: boolean;
}

function slicesOf({ edges, started }: TimelineWaitsQuestion): Slice[] {
  const buckets = edges.length - 1;
  if (started === undefined) return [{ first: 0, end: buckets, isSmall: false }];
  const slices: Slice[] = [];
  let [first, jobs] = [0, 0];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const more = started[bucket] ?? 0;
    if (bucket > first && jobs + more > MOST_SORTED) {
      slices.push({ first, end: bucket, isSmall: jobs <= MOST_SORTED });
      [first, jobs] = [bucket, 0];
    }
    jobs += more;
  }
  return [...slices, { first, end: buckets, isSmall: jobs <= MOST_SORTED }];
}

function waitsQuery(question: TimelineWaitsQuestion, slice: Slice, context: FilterContext): DuckDbQuery {
  const edges = question.edges.slice(slice.first, slice.end + 1);
  const { position, index } = groupSql(question, context);
  const jobs = `SELECT pos, ${bucketsInRuns(edges).bucket('begins')} AS bucket, ${WAIT}
    FROM (SELECT ${position('jobs')} AS pos, start_time - ${spanOf(edges).firstSec} AS begins, ${WAIT} FROM ${jobsIn(context)}
      WHERE ${whereColumns(startedWithin(question, edges), context)} AND ${WAIT} IS NOT NULL) AS job`;
  const slot = `CAST(${index('pos')} AS BIGINT) * ${question.edges.length - 1} + ${slice.first} + bucket`;
  const shares = WAITS.percentiles.map((percentile) => percentile / 100);
  const sql = slice.isSmall
    ? `SELECT CAST(${slot} AS TEXT) AS id, ${shares.map((_, at) => `CAST(p[${at + 1}] AS TEXT) AS p${at}`).join(', ')}
        FROM (SELECT pos, bucket, quantile_disc(CAST(least(${WAIT}, ${MOST_SEC}) AS INTEGER), [${shares.join(', ')}]) AS p FROM (${jobs}) AS job GROUP BY pos, bucket) AS found`
    : `WITH waits AS NOT MATERIALIZED (SELECT ${slot} AS key0, ${WAIT} AS value, ${WAIT_STEP} AS step, 1 AS jobs FROM (${jobs}) AS job),
        ${percentileRows('waits', WAITS, String)}`;
  return { sql, parameters: context.parameters.values };
}
