import type { Transaction } from '../driver/transaction.ts';
import type { SqlValue } from '../statement.ts';

/**
 * How a write finds and shows a job, as whoever asks may see it (statements/job-by-id.ts makes it). It comes as text: the writer's
 * process starts in half the time without the libraries that build and check statements.
 */
export interface JobInsideQuery {
  sql: string;
  parameters: readonly SqlValue[];
  /** Where the id goes among the parameters. */
  idAt: number;
}

/** A job as it is inside the transaction. Ids and times are decimal text: they may be larger than 2^53. */
export interface JobInside {
  jobId: string;
  cluster: string;
  startTime: string;
  /** Its REST object as JSON in UTF-8, with a line feed: as a text, whoever answers with it would have to encode megabytes. */
  job: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

function parse(value: unknown): JobInside {
  const { job, ...key } = value as Omit<JobInside, 'job'> & { job: string };
  return { ...key, job: encoder.encode(`${job}\n`) };
}

/** The job of an id; undefined where there is none, or none to be seen. */
export async function jobInside(tx: Transaction, id: bigint, query: JobInsideQuery): Promise<JobInside | undefined> {
  const { sql, idAt } = query;
  const parameters = query.parameters.map((value, at) => (at === idAt ? id : value));
  const [found] = await tx.read({ name: 'job inside', sql, parameters, row: { parse } });
  return found;
}
