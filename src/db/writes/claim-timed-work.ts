import type { Transaction } from '../driver/transaction.ts';

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
