import { join } from 'node:path';
import { messagesOf } from '../../processes/threads.ts';
import type { Jobs } from '../read/job-reader.ts';

/** What the thread gets at its start. */
export interface ReaderThreadOptions {
  /** The database. */
  readonly path: string;
  readonly cacheMb: number;
}

const FILE = join(import.meta.dirname, 'reader-program.ts');

/**
 * All jobs of a database in the order of their ids, by chunks. A thread of its own reads them: to read a job takes as long as to give it to
 * DuckDB. Throws the reason of the signal.
 */
export async function* allJobs(data: ReaderThreadOptions, signal: AbortSignal): AsyncGenerator<Jobs> {
  for await (const jobs of messagesOf<Jobs>({ file: FILE, data, youngMb: 12, oldMb: 96 }, signal)) {
    if (jobs.lastId === undefined) return; // behind the last
    yield jobs;
  }
}
