import { Fault } from '../../faults.ts';
import { keyProblem } from '../../jobs/job-validation.ts';

/** The fields of a body that select a job. */
interface Named {
  jobId?: number | bigint | null | undefined;
  cluster?: string | null | undefined;
  startTime?: number | bigint | null | undefined;
}

/**
 * Returns the key of the newest job that a body selects. It may be any value, since another program may have stored it.
 * Throws invalid_request without a jobId.
 */
export function jobKey({ jobId, cluster, startTime }: Named) {
  if (jobId === null || jobId === undefined) {
    throw new Fault('invalid_request', "the field 'jobId' is required");
  }
  return { jobId, cluster: cluster ?? undefined, startTime: startTime ?? undefined };
}

/** Calls `jobKey` and throws invalid_request if the key is not within the bounds. */
export function boundedJobKey(named: Named, nowSec: number) {
  const key = jobKey(named);
  refuseIf(keyProblem(key, nowSec));
  return key;
}

/** Throws invalid_request if there is a problem. */
export function refuseIf(problem: string | undefined): void {
  if (problem !== undefined) throw new Fault('invalid_request', problem);
}
