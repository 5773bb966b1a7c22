import type { Deadline } from '../db/deadline.ts';
import type { SqlValue } from '../db/statement.ts';
import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import type { Crew } from './crew.ts';
import type { DatabaseProcess, Reply } from './process.ts';

export type QueryReply = Extract<Reply, { kind: 'answer' }>;

/**
 * Runs one query on a reader. At the deadline, or when the client hangs up, the caller has his answer at once and the query
 * is interrupted. A query whose process died is tried on a second one, never on a third: it may be what kills them.
 */
export async function runQuery(
  crew: Crew,
  query: { sql: string; parameters: readonly SqlValue[] },
  deadline: Deadline,
  counters: Counters,
): Promise<QueryReply> {
  const attempt = () => crew.use(deadline.signal, (process) => queryOn(process, query, deadline));
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

async function queryOn(
  process: DatabaseProcess,
  query: { sql: string; parameters: readonly SqlValue[] },
  deadline: Deadline,
): Promise<QueryReply> {
  const stop = () => process.abandon(deadline.signal.reason);
  deadline.signal.addEventListener('abort', stop, { once: true });
  try {
    const reply = await process.run({ kind: 'query', ...query });
    if (reply.kind !== 'answer') throw new Fault('internal', `a reader answered ${reply.kind}`);
    return reply;
  } finally {
    deadline.signal.removeEventListener('abort', stop);
  }
}
