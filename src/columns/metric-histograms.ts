import type { MetricQuestion } from '../db/question.ts';
import { isMetricName } from '../jobs/histograms.ts';
import { footprintName } from './columns.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { type FilterContext, whereColumns } from './where.ts';

/** The rows of src/db/statements/metric-histograms.ts: the same arithmetic, in the same order of operations. */
export function metricHistogramsQuery({ jobs, scales, bins }: MetricQuestion, context: FilterContext): ColumnQuery {
  const where = whereColumns(jobs.conditions, context);
  const counts = scales.flatMap(({ metric, stat, peak }, index) => {
    const known = context.footprintKeys.indexOf(`${metric}_${stat}`);
    if (known < 0 || !isMetricName(metric) || !isMetricName(stat) || !(peak > 0)) return [];
    const value = footprintName(known);
    const top = context.parameters.add(peak);
    const most = wholeLiteral(bins);
    const bin = `least(trunc(${value} / ${top} * ${most}::DOUBLE) + 1, ${most})`;
    return `SELECT ${wholeLiteral(index)}::DOUBLE AS metric, ${bin} AS bin, CAST(count(*) AS DOUBLE) AS count FROM job WHERE ${value} <= ${top} AND (${where}) GROUP BY ${bin}`;
  });
  if (counts.length === 0) return { sql: 'SELECT 0 AS metric, 0 AS bin, 0 AS count LIMIT 0', parameters: [] };
  const sql = `SELECT metric, bin, count FROM (${counts.join(' UNION ALL ')}) AS counted WHERE bin >= 1 ORDER BY metric, bin`;
  return { sql, parameters: context.parameters.values };
}
