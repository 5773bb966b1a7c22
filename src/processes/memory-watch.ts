import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import type { AnyProcess } from './managed-process.ts';

/** A scanning process grew by at most 12 MB in 10 ms (measured); a look costs 20 microseconds a process. */
const LOOK_MS = 10;

/**
 * Looks at the resident memory of every process at work, and ends what takes more than its share: its caller gets
 * `memory_limit_exceeded` at once, and the process is replaced. The heap limits inside SQLite come first; this counts as
 * the operating system does, so it also sees what SQLite does not (the answer's copies, V8).
 */
export function watchMemory(processes: () => Iterable<AnyProcess>, counters: Counters): () => void {
  const timer = setInterval(() => {
    for (const process of processes()) {
      if (process.state.name !== 'busy' || process.state.task.abandoned) continue;
      if (!process.isOverLimit) continue;
      process.needsReplacement = true;
      if (process.state.task.committing) continue; // nobody may be told that a write failed which then happens
      counters.memoryExceeded += 1;
      process.abandon(new Fault('memory_limit_exceeded', 'the query exceeded the memory limit of its connection'));
    }
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
