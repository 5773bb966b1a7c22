import type { SqlValue } from '../db/statement.ts';
import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { Counters } from '../processes/counters.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { ProcessGroup } from '../processes/process-group.ts';
import type { Reply, RequestBody } from '../processes/process-state.ts';

/** What is done to a process before it gets the request. */
type OnProcess = (process: ManagedProcess) => void;

export type QueryReply = Extract<Reply, { kind: 'answer' }>;

/** Runs one query on a reader. */
export async function runQuery(
  group: ProcessGroup,
  query: { name: string; sql: string; parameters: readonly SqlValue[] },
  deadline: Deadline,
  counters: Counters,
  onProcess?: OnProcess,
): Promise<QueryReply> {
  const reply = await runTwice(group, { kind: 'query', ...query }, deadline, counters, onProcess);
  if (reply.kind !== 'answer') throw new Fault('internal', `a reader answered ${reply.kind}`);
  return reply;
}

/**
 * Runs something that may be done twice. At the deadline, or when the client hangs up, the caller has his answer at once and the
 * process is told to stop; one that cannot is killed after its grace. What a process died of is tried on a second one, never on a
 * third: it may be what kills them.
 */
export async function runTwice(
  group: ProcessGroup,
  request: RequestBody,
  deadline: Deadline,
  counters: Counters,
  onProcess: OnProcess = () => {},
): Promise<Reply> {
  const attempt = () =>
    group.use(deadline, (process) => {
      onProcess(process);
      return runOn(process, request, deadline);
    });
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

function isLost(error: unknown): boolean {
  return error instanceof Fault && error.code === 'connection_lost';
}

async function runOn(process: ManagedProcess, request: RequestBody, deadline: Deadline): Promise<Reply> {
  const stop = () => process.abandon(deadline.signal.reason);
  deadline.signal.addEventListener('abort', stop, { once: true });
  try {
    return await process.run(request);
  } finally {
    deadline.signal.removeEventListener('abort', stop);
  }
}
