import { Fault } from '../../faults.ts';
import type { Tag } from '../../jobs/job.ts';
import type { Transaction } from '../driver/transaction.ts';
import { JOB_COLUMNS, type JobRow } from '../job-rows.ts';
import { plainRows } from '../statement.ts';
import { beyondPrivateBound, linkTags } from './tag-job.ts';

/**
 * A start within a day of another start with the same job id and cluster is the same job, unless that job ended before.
 */
const SAME_JOB_SEC = 86_400;

export interface StartJobInput {
  /** The values of JOB_COLUMNS. */
  row: JobRow;
  jobId: number | bigint;
  cluster: string;
  startTime: number | bigint;
  tags: readonly Tag[];
}

export interface StartJobOutput {
  /** Tags that the job did not get: their names are taken, or the user has reached the limit. */
  tagsLeftOut: Tag[];
}

const INSERT = `INSERT INTO job (${JOB_COLUMNS.join(', ')}) VALUES (${JOB_COLUMNS.map(() => '?').join(', ')})`;

/**
 * Adds a started job and its tags. Throws `conflict` if the job exists: the difference to the older start is signed, so
 * a start earlier than a known start is always the same job (contract/rest.md §4). A requeued job starts again. The job
 * is stored whatever its tags are; tags that cannot be written are left out.
 */
export async function startJob(tx: Transaction, input: StartJobInput): Promise<StartJobOutput> {
  const { row, jobId, cluster, startTime, tags } = input;
  const [known] = await tx.read(startedBefore(input));
  if (known !== undefined && !(await isRequeued(tx, input))) {
    throw new Fault(
      'conflict',
      `a job with the jobId, cluster and startTime already exists: dbid: ${known.id}, jobid: ${known.jobId}`,
    );
  }
  await tx.run(INSERT, row);
  if (tags.length === 0) return { tagsLeftOut: [] };
  const tagged = tags.map((tag) => ({ tag, jobId, cluster, startTime }));
  const beyond = await beyondPrivateBound(tx, tagged);
  const taken = await linkTags(
    tx,
    tagged.filter(({ tag }) => !beyond.includes(tag)),
  );
  return { tagsLeftOut: [...taken, ...beyond] };
}

function startedBefore({ jobId, cluster, startTime }: StartJobInput) {
  const since = 'job_id = ?1 AND cluster = ?2 AND ?3 - start_time < ?4';
  return plainRows<{ id: string; jobId: string }>(
    'startedBefore',
    ['id', 'jobId'],
    `SELECT CAST(id AS TEXT) AS id, CAST(job_id AS TEXT) AS jobId FROM (
       SELECT id, job_id FROM job WHERE ${since} UNION ALL SELECT id, job_id FROM job_cache WHERE ${since} LIMIT 1)`,
    [jobId, cluster, startTime, SAME_JOB_SEC],
  );
}

/**
 * Returns true if the newest run of the job has ended, and this start is after its start and not before its end. A
 * start resent after a lost response has the start time of a known run, so it never counts as another run. A run in
 * both tables is the same run, and the row in `job` is correct.
 */
async function isRequeued(tx: Transaction, { jobId, cluster, startTime }: StartJobInput): Promise<boolean> {
  const runs = (table: 'job' | 'job_cache') =>
    `SELECT start_time, duration, job_state, '${table}' AS source FROM ${table} WHERE job_id = ?1 AND cluster = ?2`;
  const [newest] = await tx.read(
    plainRows<{ isOver: number }>(
      'newestRun',
      ['isOver'],
      `SELECT job_state NOT IN ('running', 'suspended') AND ?3 > start_time AND ?3 >= start_time + duration AS isOver
       FROM (${runs('job')} UNION ALL ${runs('job_cache')}) ORDER BY start_time DESC, source LIMIT 1`,
      [jobId, cluster, startTime],
    ),
  );
  return Number(newest?.isOver ?? 0) === 1;
}
