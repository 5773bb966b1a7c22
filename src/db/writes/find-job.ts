import type { Transaction } from '../driver/transaction.ts';
import { plainRows, type SqlValue } from '../statement.ts';
import { type JobKey, keyCondition, moveCachedJobs } from './cached-jobs.ts';

/** The fields needed to change a job. Ids and times are decimal text because they may exceed 2^53. */
export interface FoundJob {
  id: string;
  startTime: string;
  state: string;
}

/** The newest job of a key, after moving its cached jobs. Undefined if there is none. */
export async function newestJob(tx: Transaction, key: JobKey): Promise<FoundJob | undefined> {
  await moveCachedJobs(tx, key);
  const { sql, parameters } = keyCondition(key);
  return await newestWhere(tx, sql, parameters);
}

/** The job with a database id. */
export async function jobWithId(tx: Transaction, id: bigint): Promise<FoundJob | undefined> {
  return await newestWhere(tx, 'id = ?', [id]);
}

async function newestWhere(tx: Transaction, sql: string, parameters: SqlValue[]): Promise<FoundJob | undefined> {
  const [found] = await tx.read(
    plainRows<FoundJob>(
      'newestJob',
      ['id', 'startTime', 'state'],
      `SELECT CAST(id AS TEXT) AS id, CAST(start_time AS TEXT) AS startTime, CAST(job_state AS TEXT) AS state
       FROM job WHERE ${sql} ORDER BY job.id DESC LIMIT 1`,
      parameters,
    ),
  );
  return found;
}
