import type { Transaction as RemoteTransaction } from '@libsql/client/web';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import type { Write } from '../driver/transaction.ts';
import { WRITES, type WriteName } from '../writes/all-writes.ts';
import { type BeginGate, LINGER_MS } from './begin-gate.ts';
import { faultOfRemote, isNotCommitted, serverWord } from './remote-faults.ts';
import { clientOf, type RemoteServer } from './server.ts';
import { transactionOn } from './transaction.ts';
import type { WriteHealth } from './write-health.ts';

/**
 * Time after the deadline for a write to end in an orderly way: its last statement and the rollback. If the connection
 * of a transaction is cut, it keeps its lock until the server removes it after 5 s (measured).
 */
const GRACE_MS = 1_000;
/** Milliseconds between two attempts to get a lock that another writer holds. */
const RETRY_MS = 20;

export interface AskedWrite {
  name: WriteName;
  input: unknown;
  deadline: Deadline;
  /** Fires when the service ends. */
  closing: AbortSignal;
  gate: BeginGate;
  health: WriteHealth;
  /** Called with work that continues after the answer. */
  waitUntil(work: Promise<unknown>): void;
}

/**
 * Runs a named write as one transaction of the server. Throws the error of the write and the faults of faultOfRemote.
 * After these, nothing has changed, except after `outcome_unknown`: the deadline passed or the connection broke during
 * the commit. A client that disconnects does not stop its write.
 */
export async function runWrite(server: RemoteServer, asked: AskedWrite): Promise<unknown> {
  const { deadline } = asked;
  for (;;) {
    deadline.resume(); // suspended by a commit that found the lock held
    deadline.expired.throwIfAborted();
    await asked.gate.enter(deadline);
    const attempt = tryWrite(server, asked);
    try {
      return await orExpired(attempt, deadline);
    } catch (error) {
      asked.health.failed(error);
      const ending = attempt.catch(() => {});
      asked.waitUntil(ending);
      deadline.waitUntil?.(ending);
      if (deadline.expired.aborted || !isLockOfOthers(error)) throw error;
      if (deadline.remainingMs() <= RETRY_MS) throw error;
    }
    await pause(RETRY_MS);
  }
}

async function tryWrite(server: RemoteServer, asked: AskedWrite): Promise<unknown> {
  const { name, input, deadline, closing, gate, health } = asked;
  const write = WRITES[name] as unknown as Write<unknown, unknown>;
  const within = (graceMs: number) => AbortSignal.timeout(Math.ceil(deadline.remainingMs()) + graceMs);
  let stop = AbortSignal.any([closing, within(LINGER_MS)]);
  const client = clientOf(server, () => stop);
  const remote = await client.transaction('write');
  const tx = transactionOn(remote, deadline.expired, async (first) => {
    const answer = await gate.watch(first, deadline);
    stop = AbortSignal.any([closing, within(GRACE_MS)]);
    return answer;
  });
  let isOver = false;
  try {
    const output = await write(tx, input);
    if (deadline.expired.aborted || deadline.remainingMs() === 0) throw deadline.expired.reason ?? late();
    isOver = true; // whatever the outcome of the commit
    const limit = within(0);
    stop = AbortSignal.any([closing, limit]);
    await commit(remote, deadline, limit);
    if (tx.changed() > 0) health.written();
    return output;
  } finally {
    if (!isOver) {
      stop = AbortSignal.timeout(GRACE_MS);
      await remote.rollback().catch(() => {}); // the transaction ends with its stream
    }
    remote.close();
    client.close();
  }
}

/**
 * Commits before the deadline. The outcome of a commit that is in transit at the deadline is unknown. The deadline is
 * suspended, so that the answer reports this instead of `deadline_exceeded`.
 */
async function commit(tx: RemoteTransaction, deadline: Deadline, limit: AbortSignal): Promise<void> {
  deadline.suspend();
  try {
    await tx.commit();
  } catch (error) {
    if (!limit.aborted && isNotCommitted(error)) throw faultOfRemote(error);
    const word = serverWord(error);
    const how = word === undefined ? 'was in transit to the libSQL server' : `failed at the libSQL server (${word})`;
    const words = `the commit ${how}: check whether the change was applied before retrying`;
    throw new Fault('outcome_unknown', words, { cause: error });
  }
}

/** The result of a write, or the deadline's fault if it passes first. The write itself then ends after the answer. */
async function orExpired<Result>(work: Promise<Result>, { expired }: Deadline): Promise<Result> {
  let stop = () => {};
  const expiry = new Promise<never>((_, reject) => {
    stop = () => reject(expired.reason);
    expired.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    expired.removeEventListener('abort', stop);
  }
}

/** True if another transaction holds the lock. A transaction of ours that the server ended is not retried. */
function isLockOfOthers(error: unknown): boolean {
  const cause = error instanceof Fault ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && /^(SQLITE_BUSY|TRANSACTION_BUSY)/.test(String(cause.code));
}

function late(): Fault {
  return new Fault('deadline_exceeded', 'the write was not committed: its deadline passed');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
