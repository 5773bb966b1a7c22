import type { Transaction } from '../driver/transaction.ts';
import { JOB_COLUMNS } from '../job-rows.ts';
import { plainRows, type SqlValue } from '../statement.ts';

/** Identifies the newest job with this id. Without `cluster` or `startTime`, any cluster or start matches. */
export interface JobKey {
  jobId: number | bigint;
  cluster?: string | undefined;
  startTime?: number | bigint | undefined;
}

/** The WHERE condition for a key, and its parameters. */
export function keyCondition({ jobId, cluster, startTime }: JobKey): { sql: string; parameters: SqlValue[] } {
  const parameters: SqlValue[] = [jobId];
  if (cluster !== undefined) parameters.push(cluster);
  if (startTime !== undefined) parameters.push(startTime);
  const more = `${cluster === undefined ? '' : ' AND cluster = ?'}${startTime === undefined ? '' : ' AND start_time = ?'}`;
  return { sql: `job_id = ?${more}`, parameters };
}

/**
 * Moves jobs that cc-backend has started from job_cache to job (contract/database.md §4): the jobs of a key, or all
 * jobs. They get new ids, so they become the newest jobs of their job id. A job in both tables is the same job, and the
 * row in job is correct. Returns the number of rows that left the cache. Rows that job cannot accept stay there.
 */
export async function moveCachedJobs(tx: Transaction, key?: JobKey): Promise<number> {
  const { sql, parameters } = key === undefined ? { sql: '1', parameters: [] } : keyCondition(key);
  const [cached] = await tx.read(
    plainRows<{ id: unknown }>('cachedJob', ['id'], `SELECT id FROM job_cache WHERE ${sql} LIMIT 1`, parameters),
  );
  if (cached === undefined) return 0;
  const columns = JOB_COLUMNS.join(', ');
  await tx.run(
    `INSERT OR IGNORE INTO job (${columns}) SELECT ${columns} FROM job_cache WHERE ${sql} ORDER BY id`,
    parameters,
  );
  return await tx.run(
    `DELETE FROM job_cache WHERE ${sql} AND EXISTS (SELECT 1 FROM job WHERE job.job_id = job_cache.job_id
       AND job.cluster = job_cache.cluster AND job.start_time = job_cache.start_time)`,
    parameters,
  );
}

export async function hasCachedJobs(tx: Transaction): Promise<boolean> {
  const cached = await tx.read(
    plainRows<{ id: unknown }>('anyCachedJob', ['id'], 'SELECT id FROM job_cache LIMIT 1', []),
  );
  return cached.length > 0;
}

/** All of them. */
export async function moveCached(tx: Transaction, _input: Record<string, never>): Promise<{ changed: number }> {
  return { changed: await moveCachedJobs(tx) };
}
