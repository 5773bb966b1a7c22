import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import type { AnyProcess } from './managed-process.ts';

/** A scanning process grew by at most 12 MB in 10 ms (measured). One check costs 20 microseconds per process. */
const LOOK_MS = 10;

/**
 * Checks the resident memory of every busy process, and ends the calls of one that exceeds its share. The caller gets
 * `memory_limit_exceeded` at once, and the process is replaced (when-to-replace.ts also replaces one that keeps too much
 * at rest). The heap limits inside SQLite apply first. This watch counts as the operating system does, so it also covers
 * memory that SQLite does not count (copies of the answer, V8).
 */
export function watchMemory(processes: () => Iterable<AnyProcess>, counters: Counters): () => void {
  const timer = setInterval(() => {
    for (const process of processes()) {
      if (process.state.name !== 'busy' || process.tasks.areAbandoned || !process.isOverLimit) continue;
      process.needsReplacement = true;
      if (process.tasks.isCommitting) continue; // a write must not be reported as failed and then be committed
      counters.memoryExceeded += 1;
      process.abandon(new Fault('memory_limit_exceeded', 'the query exceeded the memory limit of its connection'));
    }
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
