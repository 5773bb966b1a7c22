import type { Transaction } from '../driver/transaction.ts';
import type { SqlValue } from '../statement.ts';

/**
 * How a write finds and shows a job, limited to what the caller may see. statements/job-by-id.ts builds it. It is SQL
 * text because the writer process starts in half the time without the libraries that build and check statements.
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
  const { sql, idAt } = query;
  const parameters = query.parameters.map((value, at) => (at === idAt ? id : value));
  const [found] = await tx.read({ name: 'job inside', sql, parameters, row: { parse } });
  return found;
}
