import { JOB_STATES, type JobState } from './job-enums.ts';

/** The state of a job in a record of Slurm's accounting. `never`: the job has not run. */
export type RecordState = JobState | 'never';

/** The states that a word of Slurm stands for: in an accounting record, and in stop_job. */
interface SlurmState {
  readonly record: RecordState;
  readonly end: JobState;
}

/**
 * Words of Slurm other than our states (https://slurm.schedmd.com/job_state_codes.html). Most are flags. A stop with a
 * flag ends the job; the adapter knows no real state. docs/api.md lists the states after a stop.
 */
const OTHER_WORDS: Readonly<Record<string, SlurmState>> = {
  completing: { record: 'running', end: 'completed' },
  configuring: { record: 'running', end: 'cancelled' },
  expediting: { record: 'never', end: 'cancelled' },
  launch_failed: { record: 'failed', end: 'failed' },
  power_up_node: { record: 'running', end: 'cancelled' },
  reconfig_fail: { record: 'failed', end: 'failed' },
  requeue_fed: { record: 'never', end: 'cancelled' },
  requeue_hold: { record: 'never', end: 'cancelled' },
  requeued: { record: 'cancelled', end: 'cancelled' }, // this run was ended so that the job could start again
  resizing: { record: 'running', end: 'cancelled' },
  resv_del_hold: { record: 'never', end: 'cancelled' },
  revoked: { record: 'never', end: 'cancelled' }, // another cluster of the federation ran it
  signaling: { record: 'running', end: 'cancelled' },
  special_exit: { record: 'failed', end: 'failed' },
  stage_out: { record: 'running', end: 'completed' },
  stopped: { record: 'suspended', end: 'cancelled' },
};

/** States that stop_job accepts, and for each other word of Slurm the state that it stores. */
export const END_STATES = JOB_STATES.filter((state) => state !== 'running');
export const END_WORDS = Object.fromEntries(Object.entries(OTHER_WORDS).map(([word, { end }]) => [word, end]));

const ENDS: ReadonlyMap<string, JobState> = new Map([
  ['', 'completed'],
  ...END_STATES.map((state) => [state, state] as const),
  ...Object.entries(END_WORDS),
]);
/** The state of an accounting record for each word of Slurm, in lower case. */
export const RECORD_STATES: ReadonlyMap<string, RecordState> = new Map([
  ...JOB_STATES.map((state) => [state, state === 'pending' ? 'never' : state] as const),
  ...Object.entries(OTHER_WORDS).map(([word, { record }]) => [word, record] as const),
]);

/**
 * Returns the state after a stop with this word, in any case. '' is completed. Undefined for running and unknown words.
 */
export function endStateOf(word: string): JobState | undefined {
  return ENDS.get(word.toLowerCase());
}
