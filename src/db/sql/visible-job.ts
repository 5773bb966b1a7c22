import type { Transaction } from '../driver/transaction.ts';
import type { SqlValue } from '../statement.ts';

/**
 * How a write finds and shows a job, limited to what the caller may see. questions/one-job/sqlite.ts builds it. It is
 * SQL text because the writer process starts in half the time without the libraries that build and check statements.
 */
export interface JobInsideQuery {
  sql: string;
  parameters: readonly SqlValue[];
  /** Index of the id among the parameters. */
  idAt: number;
}

/** A job as seen inside the transaction. Ids and times are decimal text because they may exceed 2^53. */
export interface JobInside {
  jobId: string;
  cluster: string;
  startTime: string;
  /** The REST object as JSON in UTF-8, with a line feed. As a string, the caller would have to encode megabytes. */
  job: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

function parse(value: unknown): JobInside {
  const { job, ...key } = value as Omit<JobInside, 'job'> & { job: string };
  return { ...key, job: encoder.encode(`${job}\n`) };
}

/** The job with this id. Undefined if it does not exist or is not visible. */
export async function jobInside(tx: Transaction, id: bigint, query: JobInsideQuery): Promise<JobInside | undefined> {
  const [found] = await tx.read({ ...statementAt(id, query), row: { parse } });
  return found;
}

/** Returns true if the job with this id exists and is visible. */
export async function isVisible(tx: Transaction, id: bigint, query: JobInsideQuery): Promise<boolean> {
  const found = await tx.read({ ...statementAt(id, query), row: { parse: (value) => value } });
  return found.length > 0;
}

function statementAt(id: bigint, { sql, parameters, idAt }: JobInsideQuery) {
  return { name: 'job inside', sql, parameters: parameters.map((value, at) => (at === idAt ? id : value)) };
}
