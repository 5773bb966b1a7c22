import { Fault } from '../faults.ts';
import { Outdated, Unsupported } from './unsupported.ts';

/** Errors of DuckDB after which its file is not to be trusted any more, or nothing can be asked of its connection. */
const BROKEN = /^(INTERNAL|FATAL|IO|Serialization|Corrupt\w*) Error|Current transaction is aborted/i;

/** What an error of the index means: a Fault for this question alone, or Outdated or Unsupported for all of them. */
export function meaningOf(error: unknown): Fault | Outdated | Unsupported {
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
