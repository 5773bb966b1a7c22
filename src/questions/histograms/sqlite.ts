import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { Statement } from '../../db/statement.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { type CountedValue, DURATION_BINS } from '../../jobs/histograms.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { durationAt } from '../one-job/job-json.ts';
import { column, fieldValue, overJobs } from '../where/sqlite.ts';
import type { HistogramsOptions } from './question.ts';

export const HistogramRow = z.object({
  histogram: z.enum(['histDuration', 'histWait', 'histNumNodes', 'histNumCores', 'histNumAccs']),
  value: exactWhole,
  count: z.int(),
});

/**
 * The points of the histograms, each ascending by value. Empty bins of seconds are left out and added by
 * src/jobs/histograms.ts. One scan and one sort serve all, because the jobs are first counted by all values together.
 */
export function jobHistograms(
  jobs: VisibleJobs,
  { bins, nowSec, withWait }: HistogramsOptions,
): Statement<CountedValue> {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const jobsOf = overJobs(
    jobs,
    (where) =>
      sql`SELECT CAST(${durationAt(nowSec)} AS INTEGER) AS d, ${withWait ? fieldValue(FIELDS.wait) : sql`NULL`} AS w, ${whole('num_nodes')} AS nodes, ${whole('num_hwthreads')} AS cores, ${whole('num_acc')} AS accs FROM job WHERE ${where}`,
  );
  const bin = (seconds: string) =>
    sql.raw(
      `CASE WHEN ${seconds} BETWEEN 0 AND ${widthSec * number - 1} THEN (${seconds} / ${widthSec} + 1) * ${widthSec} END`,
    );
  const query = sql`WITH alike AS MATERIALIZED (
      SELECT ${bin('d')} AS duration, ${bin('w')} AS wait, nodes, cores, accs, count(*) AS count
      FROM (${jobsOf}) GROUP BY 1, 2, 3, 4, 5)
    SELECT histogram, CAST(value AS TEXT) AS value, count FROM (
      SELECT 'histDuration' AS histogram, duration AS value, sum(count) AS count FROM alike WHERE duration IS NOT NULL GROUP BY duration
      UNION ALL SELECT 'histWait', wait, sum(count) FROM alike WHERE wait IS NOT NULL GROUP BY wait
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
