import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import { jsonNumber } from '../../db/sql/stored-json.ts';
import type { Statement } from '../../db/statement.ts';
import { type CountedBin, isMetricName, type MetricScale } from '../../jobs/histograms.ts';
import { column, overJobs } from '../where/sqlite.ts';
import type { MetricHistogramsQuestion } from './question.ts';

export const MetricHistogramRow = z.object({ metric: z.int(), bin: z.int(), count: z.int() });

/**
 * The number of jobs in each bin of each metric, as defined by metricBin in src/jobs/histograms.ts. Empty bins are left
 * out. `metric` is the index of the scale. A scale without a stat, with a peak of 0 or with an invalid name has no
 * rows.
 *
 * One scan parses each footprint once for all metrics, because the jobs are first counted by all their bins together.
 */
export function metricHistograms({
  jobs,
  scales,
  bins,
}: Omit<MetricHistogramsQuestion, 'kind'>): Statement<CountedBin> {
  const wanted = scales.map((scale, index) => ({ ...scale, index })).filter(isCountable);
  if (wanted.length === 0)
    return statementOf('metric histograms', sql`SELECT 0 AS metric, 0 AS bin, 0 AS count LIMIT 0`, MetricHistogramRow);
  const name = (index: number) => sql.ref(`bin${index}`);
  const values = wanted.map(
    ({ metric, stat, index }) =>
      sql`${jsonNumber(column('footprint'), `${metric}_${stat}`)} AS ${sql.ref(`value${index}`)}`,
  );
  const binOf = ({ peak, index }: { peak: number; index: number }): RawBuilder<unknown> => {
    const value = sql.ref(`value${index}`);
    const real = sql`CAST(${peak} AS REAL)`; // avoids an integer division for a whole peak
    return sql`CASE WHEN ${value} <= ${real} THEN min(CAST(${value} / ${real} * ${bins} AS INTEGER) + 1, ${bins}) END AS ${name(index)}`;
  };
  const columns = sql.join(wanted.map(({ index }) => name(index)));
  const counts = wanted.map(
    ({ index }) =>
      sql`SELECT ${sql.lit(index)} AS metric, ${name(index)} AS bin, sum(count) AS count FROM alike WHERE ${name(index)} >= 1 GROUP BY ${name(index)}`,
  );
  const query = sql`WITH alike AS MATERIALIZED (
      SELECT ${columns}, count(*) AS count
      FROM (SELECT ${sql.join(wanted.map(binOf))} FROM (${overJobs(jobs, (where) => sql`SELECT ${sql.join(values)} FROM job WHERE ${where}`)}))
      GROUP BY ${columns})
    SELECT metric, bin, count FROM (${sql.join(counts, sql` UNION ALL `)} ORDER BY metric, bin) AS counted`;
  return statementOf('metric histograms', query, MetricHistogramRow);
}

function isCountable({ metric, stat, peak }: MetricScale): boolean {
  return isMetricName(metric) && isMetricName(stat) && peak > 0;
}
