import { isMetricName } from '../../jobs/histograms.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { footprintName } from '../index-columns.ts';
import { type FilterContext, matchingJobs } from '../where/duckdb.ts';
import { binEnds } from './bin-ends.ts';
import type { MetricHistogramsQuestion } from './question.ts';

/**
 * The rows of src/questions/metric-histograms/sqlite.ts. One pass counts all metrics, by comparisons with the ends of
 * bins: two metrics of 20 M jobs take half the time of computing the bin of each value, a pass for each metric.
 */
export function metricHistogramsQuery(
  { jobs, scales, bins }: MetricHistogramsQuestion,
  context: FilterContext,
): DuckDbQuery {
  const { parameters } = context;
  const listOf = (values: Iterable<number>, type: string) =>
    `(SELECT string_split(${parameters.add([...values].join())}, ',')::${type}[])`;
  const matching = matchingJobs(jobs.conditions, context);
  const counted = scales.flatMap(({ metric, stat, peak }, index) => {
    const known = context.footprintKeys.indexOf(`${metric}_${stat}`);
    if (known < 0 || !isMetricName(metric) || !isMetricName(stat) || !(peak > 0)) return [];
    const ends = binEnds(peak, bins);
    const name = `h${wholeLiteral(index)}`;
    return {
      histogram: `histogram(${footprintName(known)}, ${listOf([...ends.keys(), Infinity], 'DOUBLE')}) AS ${name}`,
      rows: `SELECT ${wholeLiteral(index)}::DOUBLE AS metric, unnest(${listOf(ends.values(), 'DOUBLE')}) AS bin, unnest(map_values(${name})) AS count FROM counted`,
    };
  });
  if (counted.length === 0) return { sql: 'SELECT 0 AS metric, 0 AS bin, 0 AS count LIMIT 0', parameters: [] };
  const sql = `WITH counted AS MATERIALIZED (SELECT ${counted.map(({ histogram }) => histogram).join(', ')} FROM ${matching})
    SELECT metric, bin, CAST(count AS DOUBLE) AS count FROM (${counted.map(({ rows }) => rows).join(' UNION ALL ')}) AS bins
    WHERE bin > 0 AND count > 0 ORDER BY metric, bin`;
  return { sql, parameters: parameters.values };
}
