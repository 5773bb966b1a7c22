import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { ListCursor } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column } from '../where/sqlite.ts';
import { newestFirst } from './newest-first.ts';
import { withIds } from './sqlite.ts';

const MetricJob = z.object({
  id: exactWhole,
  cluster: z.string(),
  subCluster: z.string(),
  state: z.string(),
  jobId: exactWhole,
  startTime: exactWhole,
  duration: exactWhole,
  numNodes: exactWhole,
  numHwthreads: exactWhole,
  numAcc: exactWhole,
  monitoringStatus: exactWhole,
});

/** Identifies the metric data of one of many jobs, and gives it a weight. `duration` is the stored value. */
export type MetricJob = z.output<typeof MetricJob>;

/** The newest `limit` jobs, newest start first. */
export function metricJobs(jobs: VisibleJobs, limit: number) {
  return metricJobsOf(newestFirst(jobs, { offset: 0n, limit }));
}

/** The jobs that the column index has found, in their order. */
export function metricJobsAt(jobs: VisibleJobs, found: readonly ListCursor[]) {
  return metricJobsOf(withIds(jobs, found.map(({ id }) => id).join()));
}

function metricJobsOf(places: RawBuilder<unknown>) {
  const text = (name: ColumnName) => sql`CAST(ifnull(${column(name)}, '') AS TEXT)`;
  const whole = (name: ColumnName) => sql`CAST(CAST(ifnull(${column(name)}, 0) AS INTEGER) AS TEXT)`;
  // The rows keep the order of `places`, the outer loop of the join (as in src/questions/list/sqlite.ts).
  const query = sql`WITH places AS MATERIALIZED (${places})
    SELECT ${whole('id')} AS id, ${text('cluster')} AS cluster, ${text('subcluster')} AS "subCluster", ${text('job_state')} AS state,
      ${whole('job_id')} AS "jobId", ${whole('start_time')} AS "startTime", ${whole('duration')} AS duration, ${whole('num_nodes')} AS "numNodes",
      ${whole('num_hwthreads')} AS "numHwthreads", ${whole('num_acc')} AS "numAcc", ${whole('monitoring_status')} AS "monitoringStatus"
    FROM places CROSS JOIN job ON job.id = places.id`;
  return statementOf('jobs for metrics', query, MetricJob);
}

type ColumnName = Parameters<typeof column>[0];
