import { sql } from 'kysely';
import { z } from 'zod';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { JobInsideQuery } from '../../db/sql/visible-job.ts';
import type { PageStatement, SqlValue, Statement } from '../../db/statement.ts';
import type { StoredKey } from '../../db/statements/stored-jobs.ts';
import { JOB_STATES } from '../../jobs/job-enums.ts';
import { EVERY_JOB, type VisibleJobs } from '../../jobs/visibility.ts';
import { whereJob } from '../where/sqlite.ts';
import { type JobJsonOptions, jobJson } from './job-json.ts';

const KEY_COLUMNS = sql`CAST(job.cluster AS TEXT) AS cluster, CAST(job.subcluster AS TEXT) AS subcluster, CAST(CAST(job.job_id AS INTEGER) AS TEXT) AS jobId, CAST(CAST(job.start_time AS INTEGER) AS TEXT) AS startTime, CAST(job.job_state AS TEXT) AS state, CAST(job.monitoring_status AS INTEGER) AS monitoringStatus, CAST(job.num_nodes AS INTEGER) AS numNodes, CAST(job.hpc_user AS TEXT) AS user`;

const JobKey = z.object({
  cluster: z.string(),
  subcluster: z.string(),
  jobId: exactWhole,
  startTime: exactWhole,
  state: z.enum(JOB_STATES),
  monitoringStatus: z.int(),
  numNodes: z.number(),
  user: z.string(),
});

/** Identifies a job's metric data and determines which of it to return. */
export type JobKey = z.output<typeof JobKey>;

/** One row that identifies the job's metric data. No row if the job does not exist or the caller may not see it. */
export function jobForMetrics(jobs: VisibleJobs, id: number | bigint) {
  return statementOf('job for metrics', oneOf(jobs, id, KEY_COLUMNS), JobKey);
}

/** Like jobForMetrics, with the job: `job` is its REST object with tags and metadata, as JSON text to forward. */
export function jobById(
  jobs: VisibleJobs,
  id: number | bigint,
  { withMetadata = true, ...options }: Omit<JobJsonOptions, 'withMetadata'> & { withMetadata?: boolean },
) {
  const job = jobJson(jobs, { withMetadata, ...options });
  return statementOf(
    'job by id',
    oneOf(jobs, id, sql`${KEY_COLUMNS}, ${job} AS job`),
    JobKey.extend({ job: z.string() }),
  );
}

/** The id and the REST object, with tags of all scopes and metadata, of the job with this key. */
export function jobByKey({ cluster, jobId, startTime }: StoredKey, nowSec: number) {
  const job = jobJson({ tagScopes: 'all' }, { nowSec, withMetadata: true, withEnergyFootprint: true });
  return statementOf(
    'job by key',
    sql`SELECT CAST(job.id AS TEXT) AS id, ${job} AS job FROM job WHERE job.job_id = ${jobId} AND job.cluster = ${cluster} AND job.start_time = ${startTime} LIMIT 1`,
    z.object({ id: z.string(), job: z.string() }),
  );
}

/**
 * Returns a job as bytes to forward. A job may have 10 MB, which would otherwise be parsed and encoded on the main
 * thread. `more` is its key, or null if it does not exist.
 */
export function jobBytes(
  jobs: VisibleJobs,
  id: number | bigint,
  options: { nowSec: number },
): PageStatement<JobKey | null> {
  const job = jobJson(jobs, { ...options, withMetadata: true });
  const members = Object.keys(JobKey.shape).map((name) => sql`${sql.lit(name)}, ${sql.ref(name)}`);
  const query = sql`SELECT CAST(ifnull(max(job), '') AS BLOB) AS json, count(*) AS rows, CAST(ifnull(max(json_object(${sql.join(members)})), 'null') AS BLOB) AS more
    FROM (${oneOf(jobs, id, sql`${KEY_COLUMNS}, ${job} AS job`)}) AS found`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return { name: 'job by id', sql: text, parameters: parameters as readonly SqlValue[], more: JobKey.nullable() };
}

function oneOf(jobs: VisibleJobs, id: number | bigint, columns: ReturnType<typeof sql>) {
  return sql`SELECT ${columns} FROM job WHERE job.id = ${id} AND ${whereJob(jobs)} ORDER BY job.id LIMIT 1`;
}

/** Placeholder for the id of the job. */
const NO_ID = -(2n ** 63n);

/**
 * jobById for a write, which knows the id only inside its transaction and does not load the query builder. The query
 * for stopped jobs (EVERY_JOB without metadata) is built once, because building it takes a quarter of a millisecond.
 */
export function jobInsideQuery(jobs: VisibleJobs, options: { nowSec: number; withMetadata?: boolean }): JobInsideQuery {
  if (jobs !== EVERY_JOB || options.withMetadata !== false) return built(jobs, options);
  stoppedJob ??= built(jobs, { nowSec: NO_TIME, withMetadata: false });
  const { sql: text, parameters, idAt } = stoppedJob;
  return { sql: text, idAt, parameters: parameters.map((value) => (value === NO_TIME ? options.nowSec : value)) };
}

/** A query for a write that only has to know whether the caller may see the job. */
export function visibleJobQuery(jobs: VisibleJobs): JobInsideQuery {
  return withIdPlace(jobForMetrics(jobs, NO_ID));
}

let stoppedJob: JobInsideQuery | undefined;
/** Placeholder for the time of a request. */
const NO_TIME = -4_611_686_018_427_387;

function built(jobs: VisibleJobs, options: { nowSec: number; withMetadata?: boolean }): JobInsideQuery {
  return withIdPlace(jobById(jobs, NO_ID, options));
}

function withIdPlace({ sql: text, parameters }: Statement<unknown>): JobInsideQuery {
  return { sql: text, parameters, idAt: parameters.indexOf(NO_ID) };
}
