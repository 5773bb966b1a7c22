import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import { EVERY_JOB, type VisibleJobs } from '../../jobs/visibility.ts';
import { HOSTNAME, HOSTS } from '../where/hosts.ts';
import { whereJob } from '../where/sqlite.ts';

/**
 * One row per cluster, in byte order: the distinct hosts of running jobs that started before `beforeSec`, in byte
 * order. By default of all jobs, because the contract requires no rights here (contract/rest.md §5).
 */
export function usedNodes(beforeSec: number | bigint, jobs: VisibleJobs = EVERY_JOB) {
  const hosts = sql`SELECT DISTINCT CAST(job.cluster AS TEXT) AS cluster, ${HOSTNAME} AS hostname FROM job, ${HOSTS} WHERE job.job_state = 'running' AND job.start_time < ${beforeSec} AND ${whereJob(jobs)}`;
  return statementOf(
    'used nodes',
    sql`WITH hosts AS MATERIALIZED (${hosts}), clusters AS (SELECT DISTINCT cluster FROM hosts WHERE hostname IS NOT NULL)
      SELECT cluster, (SELECT json_group_array(hostname) FROM (
        SELECT hostname FROM hosts WHERE hosts.cluster = clusters.cluster AND hostname IS NOT NULL ORDER BY hostname)) AS hostnames
      FROM clusters ORDER BY cluster`,
    z.object({
      cluster: z.string(),
      hostnames: z
        .string()
        .transform((json): unknown => JSON.parse(json))
        .pipe(z.array(z.string())),
    }),
  );
}

/** For each subcluster with running jobs, by name, the number of distinct hosts of those jobs, whoever runs them. */
export function allocatedNodes(cluster: string) {
  return statementOf(
    'allocated nodes',
    sql`SELECT CAST(job.subcluster AS TEXT) AS name, count(DISTINCT ${HOSTNAME}) AS count FROM job LEFT JOIN ${HOSTS} ON 1
      WHERE job.job_state = 'running' AND job.cluster = ${cluster.toWellFormed()} GROUP BY job.subcluster ORDER BY job.subcluster`,
    z.object({ name: z.string(), count: z.int() }),
  );
}
