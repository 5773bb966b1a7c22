import { Fault } from '../../faults.ts';
import { keyProblem } from '../../jobs/job-bounds.ts';

/** What names a job in a body. */
interface Named {
  jobId?: number | bigint | null | undefined;
  cluster?: string | null | undefined;
  startTime?: number | bigint | null | undefined;
}

/** The key of the newest job that a body means, whatever another program has stored in it. Throws invalid_request without a jobId. */
export function jobKey({ jobId, cluster, startTime }: Named) {
  if (jobId === null || jobId === undefined) {
    throw new Fault('invalid_request', "the field 'jobId' is required");
  }
  return { jobId, cluster: cluster ?? undefined, startTime: startTime ?? undefined };
}

/** The same, of a job within the bounds. Throws invalid_request with what is beyond them. */
export function boundedJobKey(named: Named, nowSec: number) {
  const key = jobKey(named);
  refuseIf(keyProblem(key, nowSec));
  return key;
}

/** Throws invalid_request if there is a problem. */
export function refuseIf(problem: string | undefined): void {
  if (problem !== undefined) throw new Fault('invalid_request', problem);
}
