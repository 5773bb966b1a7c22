import { JOB_STATES, type JobState } from './job.ts';

/** Of a job in a record of Slurm's accounting; `never` for one that has not run. */
export type RecordState = JobState | 'never';

/** What a word of Slurm says of a job: in a record, and as its end. */
interface SlurmState {
  readonly record: RecordState;
  readonly end: JobState;
}

/**
 * Slurm's words other than our states (https://slurm.schedmd.com/job_state_codes.html). Most are flags of a state: a job that was stopped
 * with one has ended, and its adapter knows no more. docs/api.md has the ends.
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
  requeued: { record: 'cancelled', end: 'cancelled' }, // this run of the job was ended so that it could begin again
  resizing: { record: 'running', end: 'cancelled' },
  resv_del_hold: { record: 'never', end: 'cancelled' },
  revoked: { record: 'never', end: 'cancelled' }, // another cluster of the federation ran it
  signaling: { record: 'running', end: 'cancelled' },
  special_exit: { record: 'failed', end: 'failed' },
  stage_out: { record: 'running', end: 'completed' },
  stopped: { record: 'suspended', end: 'cancelled' },
};

/** The states of a stop, and the states of the other words in one. */
export const END_STATES = JOB_STATES.filter((state) => state !== 'running');
export const END_WORDS = Object.fromEntries(Object.entries(OTHER_WORDS).map(([word, { end }]) => [word, end]));

const ENDS: ReadonlyMap<string, JobState> = new Map([
  ['', 'completed'],
  ...END_STATES.map((state) => [state, state] as const),
  ...Object.entries(END_WORDS),
]);
/** The states of records by Slurm's words, in lower case. */
export const RECORD_STATES: ReadonlyMap<string, RecordState> = new Map([
  ...JOB_STATES.map((state) => [state, state === 'pending' ? 'never' : state] as const),
  ...Object.entries(OTHER_WORDS).map(([word, { record }]) => [word, record] as const),
]);

/** The state of a job that was stopped with this word, in any case; '' is completed. Undefined for running and for no state of Slurm. */
export function endStateOf(word: string): JobState | undefined {
  return ENDS.get(word.toLowerCase());
}
