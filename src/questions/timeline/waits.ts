import { FIELDS } from '../../jobs/fields.ts';
import { type DuckDbQuery, Parameters } from '../duckdb-query.ts';
import { indexColumn } from '../index-columns.ts';
import { percentileRows } from '../percentiles/ranks.ts';
import { type FilterContext, jobsIn, whereColumns } from '../where/duckdb.ts';
import { finding, groupIndex } from './duckdb.ts';
import { startedWithin, type TimelineWaitsQuestion, WAITS } from './question.ts';
import { bucketOf, cellsOf } from './sums.ts';

const WAIT = indexColumn(FIELDS.wait);
/** Rises with the wait, which is never negative. ln() takes four times as long. */
const WAIT_STEP = `CAST(sqrt(sqrt(${WAIT})) * 8 AS INTEGER)`;
/** So many waits are sorted at a time, which takes up to 50 MB. */
const MOST_SORTED = 1_000_000;

/** The rows of src/questions/timeline/sqlite.ts. */
export async function timelineWaitsRows(
  connection: { rows(query: DuckDbQuery): Promise<Record<string, unknown>[]> },
  question: TimelineWaitsQuestion,
  index: Omit<FilterContext, 'parameters'>,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const slice of slicesOf(question)) {
    rows.push(...(await connection.rows(waitsQuery(question, slice, { ...index, parameters: new Parameters() }))));
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
  const cells = cellsOf(edges);
  const slot = `${groupIndex(question, 'jobs', context)} * ${question.edges.length - 1} + ${slice.first} + ${bucketOf('begins', cells, finding(cells))}`;
  const waits = `SELECT CAST(${slot} AS BIGINT) AS key0, ${WAIT} AS value, ${WAIT_STEP} AS step, 1 AS jobs
    FROM (SELECT *, start_time - ${cells.firstSec} AS begins FROM ${jobsIn(context)}
      WHERE ${whereColumns(startedWithin(question, edges), context)} AND ${WAIT} IS NOT NULL) AS started`;
  const shares = WAITS.percentiles.map((percentile) => percentile / 100);
  const sql = slice.isSmall
    ? `SELECT CAST(key0 AS TEXT) AS id, ${shares.map((_, at) => `CAST(p[${at + 1}] AS TEXT) AS p${at}`).join(', ')}
        FROM (SELECT key0, quantile_disc(value, [${shares.join(', ')}]) AS p FROM (${waits}) AS waits GROUP BY key0) AS found`
    : `WITH waits AS NOT MATERIALIZED (${waits}), ${percentileRows('waits', WAITS, String)}`;
  return { sql, parameters: context.parameters.values };
}
