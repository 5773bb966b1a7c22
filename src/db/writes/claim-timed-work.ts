import type { DeleteCursor } from '../../jobs/retention-options.ts';
import type { Transaction } from '../driver/transaction.ts';
import { ASSUMED_END } from '../sql/open-end.ts';
import { plainRows, type SqlValue } from '../statement.ts';

/**
 * Claims a task, unless a service on this file started it less than `everySec` ago. A start in the future is ignored: a
 * clock was wrong.
 */
export async function claimTimedWork(
  tx: Transaction,
  { name, nowSec, everySec }: { name: string; nowSec: number; everySec: number },
): Promise<{ claimed: boolean }> {
  const claimed = await tx.run(
    `INSERT INTO ccjobs_timed_work (name, began_at) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET began_at = ?2, ended_at = NULL
     WHERE began_at <= ?2 - ?3 OR began_at > ?2`,
    [name, nowSec, everySec],
  );
  return { claimed: claimed > 0 };
}

/**
 * Claims a task for a command, whenever it ran last, unless it runs now. One that has not begun or renewed its claim
 * for `aliveSec` is taken for dead.
 */
export async function claimIdleWork(
  tx: Transaction,
  { name, nowSec, aliveSec }: { name: string; nowSec: number; aliveSec: number },
): Promise<{ claimed: boolean }> {
  const claimed = await tx.run(
    `INSERT INTO ccjobs_timed_work (name, began_at) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET began_at = ?2, ended_at = NULL
     WHERE ended_at IS NOT NULL OR began_at <= ?2 - ?3 OR began_at > ?2`,
    [name, nowSec, aliveSec],
  );
  return { claimed: claimed > 0 };
}

/** Keeps the claim of a task that runs for long. */
export async function renewTimedWork(
  tx: Transaction,
  { name, nowSec }: { name: string; nowSec: number },
): Promise<{ renewed: boolean }> {
  const sql = 'UPDATE ccjobs_timed_work SET began_at = ? WHERE name = ? AND ended_at IS NULL';
  return { renewed: (await tx.run(sql, [nowSec, name])) > 0 };
}

/** Records the result of the task. */
export async function endTimedWork(
  tx: Transaction,
  { name, nowSec, result }: { name: string; nowSec: number; result: object },
): Promise<Record<string, never>> {
  await tx.run('UPDATE ccjobs_timed_work SET ended_at = ?, result = ? WHERE name = ?', [
    nowSec,
    JSON.stringify(result),
    name,
  ]);
  return {};
}

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

/** Deletes one batch of node reports older than a time. Keeps the newest report of each node. */
export async function deleteNodeStates(
  tx: Transaction,
  { before, limit }: { before: number; limit: number },
): Promise<{ changed: number }> {
  const changed = await tx.run(
    `DELETE FROM node_state WHERE id IN (
       SELECT old.id FROM node_state AS old WHERE old.time_stamp < ? AND (old.node_id IS NULL OR EXISTS (
         SELECT 1 FROM node_state AS newer WHERE newer.node_id = old.node_id
           AND (newer.time_stamp, newer.id) > (old.time_stamp, old.id)))
       LIMIT ?)`,
    [before, limit],
  );
  return { changed };
}
