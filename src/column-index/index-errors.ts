import { Fault } from '../faults.ts';

/** The index does not support this database: its answers would differ from those of the SQL. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** The index missed changes or is damaged. It must be rebuilt. */
export class Outdated extends Error {
  override readonly name = 'Outdated';
}

/** The index can no longer answer: it must be rebuilt (`stale`), or it does not support the database (`unsuitable`). */
export interface Declined {
  readonly declined: 'stale' | 'unsuitable';
  readonly reason: string;
}

/** DuckDB errors after which the file is not trustworthy or the connection is unusable. Only summaries have constraints. */
const BROKEN = /^(INTERNAL|FATAL|IO|Serialization|Constraint|Corrupt\w*) Error|Current transaction is aborted/i;

/** Runs a call of the index. An error that concerns only this call is thrown as a Fault. */
export async function declinedOr<Output>(call: () => Promise<Output>): Promise<Output | Declined> {
  try {
    return await call();
  } catch (error) {
    const meaning = meaningOf(error);
    if (meaning instanceof Unsupported) return { declined: 'unsuitable', reason: meaning.message };
    if (meaning instanceof Outdated) return { declined: 'stale', reason: meaning.message };
    throw meaning;
  }
}

function meaningOf(error: unknown): Fault | Outdated | Unsupported {
  if (error instanceof Outdated || error instanceof Unsupported || error instanceof Fault) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/no space left|max_temp_directory_size/i.test(message)) {
    return new Fault('disk_full', 'no space is left for the column index or its temporary files', { cause: error });
  }
  if (/^Out of Memory Error/i.test(message)) {
    return new Fault('memory_limit_exceeded', 'the question needed more memory than the column index may take', {
      cause: error,
    });
  }
  if (BROKEN.test(message)) return new Outdated(`the index is damaged: ${message}`);
  return new Fault('internal', 'the column index failed', { cause: error });
}
