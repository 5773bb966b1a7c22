import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { Statement } from '../../db/statement.ts';
import { type CountedValue, DURATION_BINS } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { durationAt } from '../one-job/job-json.ts';
import { column, overJobs } from '../where/sqlite.ts';
import type { HistogramsOptions } from './question.ts';

export const HistogramRow = z.object({
  histogram: z.enum(['histDuration', 'histNumNodes', 'histNumCores', 'histNumAccs']),
  value: exactWhole,
  count: z.int(),
});

/**
 * The points of four histograms, each ascending by value. Empty duration bins are left out and added by
 * src/jobs/histograms.ts. One scan and one sort serve all four, because the jobs are first counted by all four values
 * together.
 */
export function jobHistograms(jobs: VisibleJobs, { bins, nowSec }: HistogramsOptions): Statement<CountedValue> {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const width = sql.lit(widthSec);
  const jobsOf = overJobs(
    jobs,
    (where) =>
      sql`SELECT CAST(${durationAt(nowSec)} AS INTEGER) AS d, ${whole('num_nodes')} AS nodes, ${whole('num_hwthreads')} AS cores, ${whole('num_acc')} AS accs FROM job WHERE ${where}`,
  );
  const query = sql`WITH alike AS MATERIALIZED (
      SELECT CASE WHEN d >= 0 AND d < ${sql.lit(widthSec * number)} THEN (d / ${width} + 1) * ${width} END AS duration, nodes, cores, accs, count(*) AS count
      FROM (${jobsOf}) GROUP BY 1, 2, 3, 4)
    SELECT histogram, CAST(value AS TEXT) AS value, count FROM (
      SELECT 'histDuration' AS histogram, duration AS value, sum(count) AS count FROM alike WHERE duration IS NOT NULL GROUP BY duration
      UNION ALL SELECT 'histNumNodes', nodes, sum(count) FROM alike GROUP BY nodes
      UNION ALL SELECT 'histNumCores', cores, sum(count) FROM alike GROUP BY cores
      UNION ALL SELECT 'histNumAccs', accs, sum(count) FROM alike GROUP BY accs
      ORDER BY histogram, value) AS points`;
  return statementOf('job histograms', query, HistogramRow);
}

/** A foreign file may contain anything in an integer column. NULL counts as 0. */
function whole(name: 'num_nodes' | 'num_hwthreads' | 'num_acc') {
  return sql`CAST(ifnull(${column(name)}, 0) AS INTEGER)`;
}
