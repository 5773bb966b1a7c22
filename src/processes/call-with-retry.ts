import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { ProcessGroup } from './process-group.ts';
import type { Protocol } from './protocol.ts';

/**
 * Runs a call that may be repeated. At the deadline, or when the client disconnects, the caller has its answer at once
 * and the process is interrupted. A process that does not stop in time is killed. If a process dies, the call is tried
 * once more on another one, but not a third time, because the call itself may kill them.
 */
export async function runTwice<P extends Protocol, Output>(
  group: ProcessGroup<P>,
  deadline: Deadline,
  counters: Counters,
  call: (process: ManagedProcess<P>) => Promise<Output>,
): Promise<Output> {
  const attempt = () => group.use(deadline, (process) => abandonedWith(deadline.signal, process, call));
  try {
    return await attempt();
  } catch (error) {
    if (!isLost(error) || deadline.signal.aborted) throw error;
  }
  counters.retries += 1;
  try {
    return await attempt();
  } catch (error) {
    if (isLost(error)) counters.lostTwice += 1;
    throw error;
  }
}

/** Runs a call and abandons it when the signal fires. */
export async function abandonedWith<P extends Protocol, Output>(
  signal: AbortSignal,
  process: ManagedProcess<P>,
  call: (process: ManagedProcess<P>) => Promise<Output>,
): Promise<Output> {
  const stop = () => process.abandon(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await call(process);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function isLost(error: unknown): boolean {
  return error instanceof Fault && error.code === 'connection_lost';
}
