import { join } from 'node:path';
import { messagesOf } from '../../processes/threads.ts';
import { Unsupported } from '../index-errors.ts';
import type { Jobs } from '../read/job-reader.ts';

/** What the thread gets at its start. */
export interface ReaderThreadOptions {
  /** The database. */
  readonly path: string;
  readonly cacheMb: number;
}

/** The next chunk, an empty one after the last. */
export type FromReaderThread = { readonly jobs: Jobs } | { readonly unsuitable: string };

const FILE = join(import.meta.dirname, 'reader-program.ts');

/**
 * All jobs of a database in the order of their ids, by chunks. A thread of its own reads them: to read a job takes as long as to give it to
 * DuckDB. Throws Unsupported, and the reason of the signal.
 */
export async function* allJobs(data: ReaderThreadOptions, signal: AbortSignal): AsyncGenerator<Jobs> {
  for await (const message of messagesOf<FromReaderThread>({ file: FILE, data, youngMb: 12, oldMb: 96 }, signal)) {
    if ('unsuitable' in message) throw new Unsupported(message.unsuitable);
    if (message.jobs.rows === 0) return;
    yield message.jobs;
  }
}
