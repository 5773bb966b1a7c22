import { DURATION_BINS } from '../../jobs/histograms.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { RUNNING } from '../index-columns.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { HistogramsQuestion } from './question.ts';

/** The rows of src/questions/histograms/sqlite.ts. Four groupings by one column are faster here than one by four. */
export function histogramsQuery({ jobs, bins, nowSec }: HistogramsQuestion, context: FilterContext): DuckDbQuery {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const width = wholeLiteral(widthSec);
  const where = whereColumns(jobs.conditions, context);
  const counted = (name: string, column: string) =>
    `SELECT '${name}' AS histogram, CAST(${column} AS BIGINT) AS value, count(*) AS count FROM job WHERE ${where} GROUP BY ${column}`;
  // The duration of running jobs ends now. They are few, and DuckDB skips blocks without any.
  const lasting = (isIn: string, duration: string) =>
    `SELECT ${duration} // ${width} AS part, count(*) AS count FROM job WHERE job_state ${isIn} AND ${duration} >= 0 AND ${duration} < ${wholeLiteral(widthSec * number)} AND (${where}) GROUP BY ${duration} // ${width}`;
  const sql = `SELECT histogram, CAST(value AS VARCHAR) AS value, CAST(count AS DOUBLE) AS count FROM (
      SELECT 'histDuration' AS histogram, (part + 1) * ${width} AS value, sum(count) AS count
        FROM (${lasting(`<> ${RUNNING}`, 'duration')} UNION ALL ${lasting(`= ${RUNNING}`, duckDbDurationAt(nowSec))}) GROUP BY part
      UNION ALL ${counted('histNumNodes', 'num_nodes')}
      UNION ALL ${counted('histNumCores', 'num_hwthreads')}
      UNION ALL ${counted('histNumAccs', 'num_acc')}) AS points
    ORDER BY histogram, points.value`;
  return { sql, parameters: context.parameters.values };
}
