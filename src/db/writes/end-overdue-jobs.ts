import type { DeleteCursor } from '../../jobs/retention-options.ts';
import type { Transaction } from '../driver/transaction.ts';
import { ASSUMED_END } from '../sql/assumed-end.ts';
import { plainRows, type SqlValue } from '../statement.ts';

/**
 * The result of one batch: the number of changed rows, and the last job, after which the next batch starts. `last` is
 * undefined after the last batch.
 */
export interface BatchOutput {
  changed: number;
  last: DeleteCursor | undefined;
}

/** Sets the stored duration of running jobs to the current one, in batches, oldest jobs first. */
export async function updateDurations(
  tx: Transaction,
  { nowSec, limit, after }: { nowSec: number; limit: number; after: DeleteCursor | undefined },
): Promise<BatchOutput> {
  const jobs = await runningJobs(tx, { condition: '1', parameters: [], limit, after });
  const changed = await tx.runEach(
    "UPDATE job SET duration = max(0, ? - start_time) WHERE id = ? AND job_state = 'running'",
    jobs.map(({ id }) => [nowSec, BigInt(id)]),
  );
  return { changed, last: jobs.length < limit ? undefined : jobs.at(-1) };
}

/**
 * Ends running jobs that exceed their walltime by more than `graceSec`, since their stop was never reported. They are
 * stored as failed, with the walltime as duration and without metric data (contract/rest.md §13), and marked: their true
 * end may still come.
 */
export async function endOverdueJobs(
  tx: Transaction,
  {
    nowSec,
    graceSec,
    limit,
    after,
  }: { nowSec: number; graceSec: number; limit: number; after: DeleteCursor | undefined },
): Promise<BatchOutput> {
  const condition = 'walltime > 0 AND start_time < ? - walltime';
  const jobs = await runningJobs(tx, { condition, parameters: [nowSec - graceSec], limit, after });
  const ids = jobs.map(({ id }) => [BigInt(id)]);
  await tx.runEach('INSERT OR IGNORE INTO ccjobs_assumed_ends (job_id) VALUES (?)', ids);
  const changed = await tx.runEach(`UPDATE job SET ${ASSUMED_END} WHERE id = ?`, ids);
  return { changed, last: jobs.length < limit ? undefined : jobs.at(-1) };
}

interface Running {
  condition: string;
  parameters: readonly SqlValue[];
  limit: number;
  after: DeleteCursor | undefined;
}

/** Uses the index on the state. The literal allows SQLite to use the partial indexes of cc-backend, too. */
async function runningJobs(tx: Transaction, { condition, parameters, limit, after }: Running): Promise<DeleteCursor[]> {
  const place = after === undefined ? '' : 'AND (start_time, id) > (?, ?)';
  return await tx.read(
    plainRows<DeleteCursor>(
      'runningJobs',
      ['startTime', 'id'],
      `SELECT CAST(start_time AS TEXT) AS startTime, CAST(id AS TEXT) AS id FROM job
       WHERE job_state = 'running' AND ${condition} ${place} ORDER BY start_time, job.id LIMIT ?`,
      [...parameters, ...(after === undefined ? [] : [BigInt(after.startTime), BigInt(after.id)]), limit],
    ),
  );
}
