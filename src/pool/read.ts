import type { Answer } from '../db/answer-rows.ts';
import type { Deadline } from '../db/deadline.ts';
import { queryBehind, type SeriesQuery } from '../db/series.ts';
import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import type { Crew } from './crew.ts';
import type { DatabaseProcess } from './process.ts';
import type { Reply, RequestBody } from './process-state.ts';

/** A batch, and the one behind it where that is on its way. */
export interface Batch {
  answer: Answer;
  behind?: Promise<Batch>;
}

/** Runs one query on a reader, and answers when its first batch is there. */
export function runQuery(crew: Crew, query: Query, deadline: Deadline, counters: Counters): Promise<Batch> {
  let rest = query;
  let coming = Promise.withResolvers<Batch>();
  const first = coming.promise;
  const onBatch = (answer: Answer) => {
    const behind = Promise.withResolvers<Batch>();
    behind.promise.catch(() => {}); // whoever does not want it any more awaits nothing
    coming.resolve({ answer, behind: behind.promise });
    coming = behind;
    rest = queryBehind(rest, answer) ?? rest; // a second process goes on where the first was
  };
  runTwice(crew, () => ({ kind: 'query', ...rest }), deadline, counters, onBatch).then(
    (reply) => {
      if (reply.kind === 'answer') coming.resolve({ answer: reply });
      else coming.reject(new Fault('internal', `a reader answered ${reply.kind}`));
    },
    (error: unknown) => coming.reject(error),
  );
  return first;
}

interface Query extends SeriesQuery {
  readonly name: string;
  readonly sql: string;
}

/**
 * Runs something that may be done twice. At the deadline, or when the client hangs up, the caller has his answer at once and the
 * process is told to stop; one that cannot is killed after its grace. What a process died of is tried on a second one, never on a
 * third: it may be what kills them.
 */
export async function runTwice(
  crew: Crew,
  request: () => RequestBody,
  deadline: Deadline,
  counters: Counters,
  onBatch?: (answer: Answer) => void,
): Promise<Reply> {
  const attempt = () => crew.use(deadline.signal, (process) => runOn(process, request(), deadline, onBatch));
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

async function runOn(
  process: DatabaseProcess,
  request: RequestBody,
  deadline: Deadline,
  onBatch: ((answer: Answer) => void) | undefined,
): Promise<Reply> {
  const stop = () => process.abandon(deadline.signal.reason);
  deadline.signal.addEventListener('abort', stop, { once: true });
  try {
    return await process.run(request, onBatch === undefined ? {} : { onBatch });
  } finally {
    deadline.signal.removeEventListener('abort', stop);
  }
}
