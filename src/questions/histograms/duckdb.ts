import { DURATION_BINS } from '../../jobs/histograms.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { RUNNING } from '../index-columns.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { alikeJobs, countedJobs, runningJobs } from '../summaries/answered-by-summary.ts';
import { type FilterContext, matchingJobs } from '../where/duckdb.ts';
import type { HistogramsQuestion } from './question.ts';

/** The rows of src/questions/histograms/sqlite.ts. Four groupings by one column are faster here than one by four. */
export function histogramsQuery(
  { jobs, bins, nowSec, withWait }: HistogramsQuestion,
  context: FilterContext,
): DuckDbQuery {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const width = wholeLiteral(widthSec);
  const sized = countedJobs(jobs.conditions, context);
  const counted = (name: string, column: string) =>
    `SELECT '${name}' AS histogram, CAST(${column} AS BIGINT) AS value, ${sized.count} AS count FROM ${sized.from} GROUP BY ${column}`;
  // The duration of running jobs ends now. DuckDB groups by a small integer directly: the
  // number of a bin, below DURATION_BINS_LIMIT.
  const lasting = (from: string, count: string, duration: string) =>
    `SELECT CAST(${duration} // ${width} AS UTINYINT) AS part, ${count} AS count FROM ${from} AND ${duration} >= 0 AND ${duration} < ${wholeLiteral(widthSec * number)} GROUP BY part`;
  const matching = () => matchingJobs(jobs.conditions, context);
  const steps = alikeJobs(jobs.conditions, 'jobs_by_duration', context);
  const ended =
    steps === undefined
      ? lasting(`${matching()} AND job_state <> ${RUNNING}`, 'count(*)', 'duration')
      : lasting(`${steps} WHERE job_state <> ${RUNNING}`, 'sum(jobs)', 'duration_step');
  const running = lasting(`${runningJobs(jobs.conditions, context)} WHERE true`, 'count(*)', duckDbDurationAt(nowSec));
  const waits = () => `UNION ALL SELECT 'histWait', (wait // ${width} + 1) * ${width}, count(*)
        FROM ${matching()} AND wait < ${wholeLiteral(widthSec * number)} GROUP BY wait // ${width}`;
  const sql = `SELECT histogram, CAST(value AS VARCHAR) AS value, CAST(count AS DOUBLE) AS count FROM (
      SELECT 'histDuration' AS histogram, (CAST(part AS BIGINT) + 1) * ${width} AS value, sum(count) AS count
        FROM (${ended} UNION ALL ${running}) GROUP BY part
      ${withWait ? waits() : ''}
      UNION ALL ${counted('histNumNodes', 'num_nodes')}
      UNION ALL ${counted('histNumCores', 'num_hwthreads')}
      UNION ALL ${counted('histNumAccs', 'num_acc')}) AS points
    ORDER BY histogram, points.value`;
  return { sql, parameters: context.parameters.values };
}
