import { Fault } from '../../faults.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { wholeProblem } from '../../jobs/job-validation.ts';
import { END_STATES, endStateOf } from '../../jobs/slurm-states.ts';
import type { Transaction } from '../driver/transaction.ts';
import { HAS_ASSUMED_END } from '../sql/assumed-end.ts';
import { type JobInsideQuery, jobInside } from '../sql/visible-job.ts';
import { plainRows } from '../statement.ts';
import type { JobKey } from './cached-jobs.ts';
import { type FoundJob, jobWithId, newestJob } from './find-job.ts';

export interface StopJobInput {
  /** The newest job of a key, or the job with this database id. */
  job: JobKey | bigint;
  /** The state in the request body. An empty string means completed. */
  state: string;
  /** Unix seconds. */
  stopTime: number | bigint;
  /** A stop at most this long before the start is due to clock skew. The job then has a duration of 0 s. */
  skewSec: number;
  /** Renders the stopped job. */
  show: JobInsideQuery;
}

/** The changed job as JSON text: with its new state, without metadata and tags. */
export interface JobTextOutput {
  job: Uint8Array<ArrayBuffer>;
}

export interface StopJobOutput extends JobTextOutput {
  /** Seconds by which the stop was before the start. Usually 0. */
  earlySec: number;
}

/**
 * Ends the job, also one whose end was only assumed. Throws, in this order: not_found, `conflict` if the job is already
 * stopped, invalid_request if the stop is before the start by more than the skew or if the state does not end a job
 * (contract/rest.md §4). Sets monitoringStatus to 0, because no metric store can have data of the job.
 */
export async function stopJob(tx: Transaction, input: StopJobInput): Promise<StopJobOutput> {
  const { state, stopTime, skewSec, show } = input;
  const found = await foundJob(tx, input.job);
  if (found.state !== 'running' && !(await hasAssumedEnd(tx, found))) {
    throw new Fault('conflict', `job has already been stopped (its state is: ${found.state}): dbid: ${found.id}`);
  }
  const seconds = BigInt(stopTime) - BigInt(found.startTime);
  if (seconds < -BigInt(skewSec)) {
    if (stopTime === 0) throw new Fault('invalid_request', 'stopTime is missing or 0');
    throw new Fault(
      'invalid_request',
      `stopTime ${stopTime} must be larger than or equal to startTime ${found.startTime}, or at most ${skewSec} s (STOP_SKEW_S) earlier`,
    );
  }
  const durationSec = seconds < 0n ? 0n : seconds;
  const problem = wholeProblem('duration', durationSec, FIELDS.duration.bounds);
  if (problem !== undefined) throw new Fault('invalid_request', `${problem}: from ${found.startTime} to ${stopTime}`);
  const end = endStateOf(state);
  if (end === undefined) {
    const states = `${END_STATES.join(', ')} or another word of Slurm for an end`;
    throw new Fault('invalid_request', `jobState must be one of ${states}, not ${JSON.stringify(state.slice(0, 100))}`);
  }
  const id = BigInt(found.id);
  await tx.run('UPDATE job SET job_state = ?, duration = ?, monitoring_status = 0 WHERE id = ?', [
    end,
    durationSec,
    id,
  ]);
  const stopped = await jobInside(tx, id, show);
  if (stopped === undefined) throw new Error(`job ${id} no longer exists`);
  return { job: stopped.job, earlySec: Number(durationSec - seconds) };
}

async function hasAssumedEnd(tx: Transaction, { id }: FoundJob): Promise<boolean> {
  const assumed = await tx.read(
    plainRows<{ id: unknown }>('assumedEnd', ['id'], `SELECT id FROM job WHERE job.id = ? AND ${HAS_ASSUMED_END}`, [
      BigInt(id),
    ]),
  );
  return assumed.length > 0;
}

async function foundJob(tx: Transaction, job: StopJobInput['job']): Promise<FoundJob> {
  const isId = typeof job === 'bigint';
  const found = isId ? await jobWithId(tx, job) : await newestJob(tx, job);
  if (found !== undefined) return found;
  const message = isId ? `finding job with db id ${job} failed` : `finding job failed: no job ${job.jobId}`;
  throw new Fault('not_found', message);
}
