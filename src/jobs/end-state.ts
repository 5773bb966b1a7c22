import { JOB_STATES, type JobState } from './job.ts';

/**
 * Slurm's other words for a job that has ended (https://slurm.schedmd.com/job_state_codes.html), as one of ours. docs/api.md has the same
 * table. Most are flags beside the state: an adapter that sends one of them knows nothing better.
 */
export const END_WORDS: Readonly<Record<string, JobState>> = {
  completing: 'completed',
  configuring: 'cancelled',
  expediting: 'cancelled',
  launch_failed: 'failed',
  power_up_node: 'cancelled',
  reconfig_fail: 'failed',
  requeue_fed: 'cancelled',
  requeue_hold: 'cancelled',
  requeued: 'cancelled',
  resizing: 'cancelled',
  resv_del_hold: 'cancelled',
  revoked: 'cancelled',
  signaling: 'cancelled',
  special_exit: 'failed',
  stage_out: 'completed',
  stopped: 'cancelled',
};

/** The states that a stop may have. */
export const END_STATES = JOB_STATES.filter((state) => state !== 'running');

/** The state of a job that was stopped with this word, in any case; '' is completed. Undefined for running and for no state of Slurm. */
export function endStateOf(word: string): JobState | undefined {
  const lower = word.toLowerCase();
  if (lower === '') return 'completed';
  return (
    END_STATES.find((state) => state === lower) ?? (Object.hasOwn(END_WORDS, lower) ? END_WORDS[lower] : undefined)
  );
}
