import { Fault } from '../../faults.ts';
import { END_STATES, endStateOf } from '../../jobs/end-state.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { wholeProblem } from '../../jobs/job-bounds.ts';
import type { Transaction } from '../driver/transaction.ts';
import type { JobKey } from './cached-jobs.ts';
import { newestJob } from './find-job.ts';
import { type JobInsideQuery, jobInside } from './job-inside.ts';

export interface StopJobInput {
  key: JobKey;
  /** As the body has it; '' is completed. */
  state: string;
  /** Unix seconds. */
  stopTime: number | bigint;
  /** A stop that lies so much before its start comes of clocks that differ: the job lasted 0 s. */
  skewSec: number;
  /** Shows the job as it ended. */
  show: JobInsideQuery;
}

/** The stopped job as JSON text: its new state, no metadata, no tags. */
export interface JobTextOutput {
  job: Uint8Array<ArrayBuffer>;
}

export interface StopJobOutput extends JobTextOutput {
  /** How far the stop lay before the start; 0 is usual. */
  earlySec: number;
}

/**
 * Ends the newest job of the key. Throws, in this order: not_found, `conflict` for one that has been stopped already,
 * invalid_request for a stop more than the skew before its start and for a word that ends no job (contract/rest.md §4). It gets
 * monitoringStatus 0: there is no metric store that could have data of it.
 */
export async function stopJob(tx: Transaction, input: StopJobInput): Promise<StopJobOutput> {
  const { key, state, stopTime, skewSec, show } = input;
  const found = await newestJob(tx, key);
  if (found === undefined) throw new Fault('not_found', `finding job failed: no job ${key.jobId}`);
  if (found.state !== 'running') {
    throw new Fault('conflict', `job has already been stopped (its state is: ${found.state}): dbid: ${found.id}`);
  }
  const seconds = BigInt(stopTime) - BigInt(found.startTime);
  if (seconds < -BigInt(skewSec)) {
    throw new Fault(
      'invalid_request',
      `stopTime ${stopTime} must be larger than or equal to startTime ${found.startTime}`,
    );
  }
  const durationSec = seconds < 0n ? 0n : seconds;
  const problem = wholeProblem('duration', durationSec, FIELDS.duration.bounds);
  if (problem !== undefined) throw new Fault('invalid_request', `${problem}: from ${found.startTime} to ${stopTime}`);
  const end = endStateOf(state);
  if (end === undefined) throw new Fault('invalid_request', `jobState must be one of ${END_STATES.join(', ')}`);
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
