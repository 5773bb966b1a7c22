import { Fault } from '../../faults.ts';

/** What names a job in a body. */
interface Named {
  jobId?: number | bigint | null | undefined;
  cluster?: string | null | undefined;
  startTime?: number | bigint | null | undefined;
}

/** The key of the newest job that a body means. Throws invalid_request where it has no jobId. */
export function jobKey({ jobId, cluster, startTime }: Named) {
  if (jobId === null || jobId === undefined) {
    throw new Fault('invalid_request', "the field 'jobId' is required");
  }
  return { jobId, cluster: cluster ?? undefined, startTime: startTime ?? undefined };
}
