import { StartupError } from '../startup-error.ts';
import type { Declined } from './index-errors.ts';
import type { Failure } from './retry-backoff.ts';

/** Which process of the index runs after another has ended. */
export interface Next {
  readonly run: 'answer' | 'build';
  /** True if the process that answers deletes the file without opening it, because the last one died of it. */
  readonly fresh?: boolean;
  /** Why there is no index meanwhile. Without a failure the process starts at once, otherwise after a pause. */
  readonly failure?: { readonly name: Failure; readonly reason: string };
}

/** A process that answered cannot, or can no longer. A build repairs an outdated index, but not an unsupported database. */
export function afterDeclining({ declined, reason }: Declined): Next {
  return { run: declined === 'stale' ? 'build' : 'answer', failure: { name: declined, reason } };
}

/** A process that was to answer found no usable index. The first build after that needs no pause. */
export function afterNoIndex(declined: Declined, buildsSinceAnswer: number): Next {
  return declined.declined === 'stale' && buildsSinceAnswer === 0 ? { run: 'build' } : afterDeclining(declined);
}

/** A process that was to answer failed. `died` is true if it ended before it served: the file may be the cause. */
export function afterFailing(error: unknown, died: boolean): Next {
  const failure = { name: 'stale', reason: reasonOf(error) } as const;
  if (error instanceof StartupError) return { run: 'answer', failure }; // another service may use the file
  return died ? { run: 'answer', fresh: true, failure } : { run: 'build', failure };
}

/** A process that answered has ended. */
export const AFTER_ANSWERING: Next = {
  run: 'answer',
  failure: { name: 'stale', reason: 'its process has ended' },
};

export function afterBuild(built: Declined | undefined): Next {
  return built === undefined ? { run: 'answer' } : { ...afterDeclining(built), run: 'answer' };
}

export function afterFailedBuild(error: unknown): Next {
  return { run: 'answer', failure: { name: 'stale', reason: reasonOf(error) } };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
