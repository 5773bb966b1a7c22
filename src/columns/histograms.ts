import type { HistogramsQuestion } from '../db/question.ts';
import { DURATION_BINS } from '../jobs/histograms.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { durationAt } from './statistics.ts';
import { type FilterContext, whereColumns } from './where.ts';

/** The rows of src/db/statements/job-histograms.ts. Four groupings of one column each are faster here than one of four. */
export function histogramsQuery({ jobs, bins, nowSec }: HistogramsQuestion, context: FilterContext): ColumnQuery {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const width = wholeLiteral(widthSec);
  const where = whereColumns(jobs.conditions, context);
  const edge = `(d // ${width} + 1) * ${width}`;
  const counted = (name: string, column: string) =>
    `SELECT '${name}' AS histogram, CAST(${column} AS BIGINT) AS value, count(*) AS count FROM job WHERE ${where} GROUP BY ${column}`;
  const sql = `SELECT histogram, CAST(value AS VARCHAR) AS value, CAST(count AS DOUBLE) AS count FROM (
      SELECT 'histDuration' AS histogram, ${edge} AS value, count(*) AS count
        FROM (SELECT ${durationAt(nowSec)} AS d FROM job WHERE ${where})
        WHERE d >= 0 AND d < ${wholeLiteral(widthSec * number)} GROUP BY ${edge}
      UNION ALL ${counted('histNumNodes', 'num_nodes')}
      UNION ALL ${counted('histNumCores', 'num_hwthreads')}
      UNION ALL ${counted('histNumAccs', 'num_acc')}) AS points
    ORDER BY histogram, points.value`;
  return { sql, parameters: context.parameters.values };
}
