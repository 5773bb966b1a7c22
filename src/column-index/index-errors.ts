import { Fault } from '../faults.ts';

/** A database that the index does not support: its answers would differ from those of the SQL. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** The index has missed changes, or cannot be trusted: it has to be built again. */
export class Outdated extends Error {
  override readonly name = 'Outdated';
}

/** The index cannot answer any more: it has to be built again (`stale`), or does not support the database (`unsuitable`). */
export interface Declined {
  readonly declined: 'stale' | 'unsuitable';
  readonly reason: string;
}

/** Errors of DuckDB after which its file cannot be trusted, or its connection answers nothing any more. */
const BROKEN = /^(INTERNAL|FATAL|IO|Serialization|Corrupt\w*) Error|Current transaction is aborted/i;

/** Runs a call of the index. What concerns this call alone is thrown as a Fault. */
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
