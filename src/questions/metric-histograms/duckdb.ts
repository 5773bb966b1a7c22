import { isMetricName } from '../../jobs/histograms.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { footprintName } from '../index-columns.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { MetricHistogramsQuestion } from './question.ts';

/** The rows of src/questions/metric-histograms/sqlite.ts, with the same arithmetic in the same order of operations. */
export function metricHistogramsQuery(
  { jobs, scales, bins }: MetricHistogramsQuestion,
  context: FilterContext,
): DuckDbQuery {
  const where = whereColumns(jobs.conditions, context);
  const counts = scales.flatMap(({ metric, stat, peak }, index) => {
    const known = context.footprintKeys.indexOf(`${metric}_${stat}`);
    if (known < 0 || !isMetricName(metric) || !isMetricName(stat) || !(peak > 0)) return [];
    const value = footprintName(known);
    const top = context.parameters.add(peak);
    const most = wholeLiteral(bins);
    const part = `trunc(${value} / ${top} * ${most}::DOUBLE)`;
    // DuckDB groups by a small integer directly, in a third of the time.
    const small = bins < 256 ? 'UTINYINT' : 'USMALLINT';
    const counted = (isIn: string, bin: string) =>
      `SELECT ${wholeLiteral(index)}::DOUBLE AS metric, ${bin} AS part, count(*) AS count FROM job WHERE ${isIn} AND ${value} <= ${top} AND (${where}) GROUP BY ${bin}`;
    // Few blocks have negative values, as DuckDB knows. trunc() returns -0 for those in the first bin.
    return [
      counted(`${value} >= 0`, `CAST(${part} AS ${small})`),
      counted(`${value} < 0 AND ${part} >= 0`, `CAST(${part} AS ${small})`),
    ];
  });
  if (counts.length === 0) return { sql: 'SELECT 0 AS metric, 0 AS bin, 0 AS count LIMIT 0', parameters: [] };
  const bin = `CAST(least(part + 1, ${wholeLiteral(bins)}) AS DOUBLE)`;
  const sql = `SELECT metric, ${bin} AS bin, CAST(sum(count) AS DOUBLE) AS count FROM (${counts.join(' UNION ALL ')}) AS counted GROUP BY metric, ${bin} ORDER BY metric, ${bin}`;
  return { sql, parameters: context.parameters.values };
}
