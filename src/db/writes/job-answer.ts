import type { VisibleJobs } from '../../jobs/visibility.ts';
import { jobById } from '../statements/job-by-id.ts';
import type { Transaction } from '../transaction.ts';

/** Who asks, and when: what decides which job is found, and how it is shown. */
export interface Asked {
  jobs: VisibleJobs;
  /** Unix seconds. */
  nowSec: number;
}

/** A job as it is inside the transaction: its key and its REST object as JSON text. Undefined: none this caller may see. */
export async function jobInside(tx: Transaction, id: number | bigint, { jobs, nowSec }: Asked, withMetadata = true) {
  const [found] = await tx.read(jobById(jobs, id, { nowSec, withMetadata }));
  return found;
}
