import { join } from 'node:path';
import { messagesOf } from '../../processes/message-thread.ts';
import type { Jobs } from '../source/job-reader.ts';

/** The data that the thread receives at its start. */
export interface ReaderThreadOptions {
  /** Path of the database. */
  readonly path: string;
  readonly cacheMb: number;
}

const FILE = join(import.meta.dirname, 'reader-program.ts');

/**
 * All jobs of a database in the order of their ids, in chunks. A separate thread reads them, because reading a job
 * takes as long as passing it to DuckDB. Throws the reason of the signal.
 */
export async function* allJobs(data: ReaderThreadOptions, signal: AbortSignal): AsyncGenerator<Jobs> {
  for await (const jobs of messagesOf<Jobs>({ file: FILE, data, youngMb: 12, oldMb: 96 }, signal)) {
    if (jobs.lastId === undefined) return; // after the last job
    yield jobs;
  }
}
