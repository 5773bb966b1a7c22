import { type RawBuilder, sql } from 'kysely';
import { sqlBuilder } from '../../db/schema/tables.ts';
import { wholeOf } from '../../db/sql/sql-rows.ts';
import { jsonNumber } from '../../db/sql/stored-json.ts';
import { plainRows, type RowParser, type SqlValue, type Statement } from '../../db/statement.ts';
import { FIELDS, METRIC } from '../../jobs/fields.ts';
import { isDecimalMeasure, type Measure, type Percentiles } from '../../jobs/percentiles.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { durationAt } from '../one-job/job-json.ts';
import { column, fieldValue, overJobs } from '../where/sqlite.ts';
import type { PercentilesOptions } from './question.ts';
import { percentileRows } from './ranks.ts';

/** One row for all jobs or for each group, as a row of Percentiles. */
export function jobPercentiles(jobs: VisibleJobs, options: PercentilesOptions): Statement<Percentiles> {
  const { of, groupBy, percentiles, nowSec } = options;
  // `+` keeps SQLite from an index in the order of the groups (as in src/questions/statistics/sqlite.ts).
  const key = groupBy === undefined ? sql`''` : sql`+${fieldValue(FIELDS[groupBy])}`;
  const valued = overJobs(
    jobs,
    (where) => sql`SELECT ${key} AS key, ${measured(of, nowSec)} AS value FROM job WHERE ${where}`,
  );
  // One step for all values: steps do not make it faster here.
  const step = sql`CASE WHEN value IS NOT NULL THEN 0 END`;
  const query = sql`WITH by_value AS MATERIALIZED
      (SELECT key, value, ${step} AS step, count(*) AS jobs FROM (${valued}) GROUP BY key, value),
    ${sql.raw(percentileRows('by_value', options, exactText))}`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  const columns = ['id', 'jobs', 'unknown', ...percentiles.map((_, at) => `p${at}`)];
  const rows = plainRows<Record<string, unknown>>('job percentiles', columns, text, parameters as readonly SqlValue[]);
  return { ...rows, row: percentilesRow(options) };
}

/** Parses the columns of percentileRows. */
export function percentilesRow({
  of,
  percentiles,
}: Pick<PercentilesOptions, 'of' | 'percentiles'>): RowParser<Percentiles> {
  const read = isDecimalMeasure(of) ? Number : wholeOf;
  return {
    parse(row) {
      const { id, jobs, unknown, ...found } = row as Record<string, unknown>;
      const values = percentiles.map((p, at) => {
        const value = found[`p${at}`];
        return { p, value: value === null ? null : read(value) };
      });
      return { id: String(id), jobs: Number(jobs), unknown: Number(unknown), values };
    },
  };
}

/** The number of the current job. NULL if the job does not have it. Infinity, which JSON cannot say, is NULL too. */
function measured(measure: Measure, nowSec: number): RawBuilder<unknown> {
  const duration = sql`CAST(${durationAt(nowSec)} AS INTEGER)`;
  const walltime = sql`CAST(${column('walltime')} AS INTEGER)`;
  switch (measure) {
    case 'duration':
      return duration;
    case 'walltime':
      return sql`nullif(${walltime}, 0)`;
    case 'walltime-used':
      return sql`CASE WHEN ${walltime} > 0 THEN CAST(${duration} AS REAL) / CAST(${walltime} AS REAL) END`;
    case 'energy':
      return sql`nullif(${finite(column('energy'))}, 0)`;
    case 'wait':
    case 'num-nodes':
    case 'num-hwthreads':
    case 'num-acc':
      return sql`CAST(${fieldValue(FIELDS[measure])} AS INTEGER)`;
    default:
      return finite(jsonNumber(column('footprint'), measure.slice(METRIC.length)));
  }
}

/** 15 digits if they are exact, otherwise 17. */
function exactText(value: string): string {
  return `CASE WHEN CAST(CAST(${value} AS TEXT) AS REAL) = ${value} THEN CAST(${value} AS TEXT)
    WHEN ${value} IS NOT NULL THEN printf('%!.17g', ${value}) END`;
}

function finite(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN abs(CAST(${value} AS REAL)) <= 1e308 THEN CAST(${value} AS REAL) END`;
}
