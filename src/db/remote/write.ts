import type { Client } from '@libsql/client/web';
import { Fault } from '../../faults.ts';
import type { Deadline } from '../deadline.ts';
import type { Write } from '../transaction.ts';
import { WRITES, type WriteName } from '../writes/index.ts';
import { faultOfRemote, isUnanswered } from './faults.ts';
import { clientOf, type RemoteServer } from './server.ts';
import { transactionOn } from './transaction.ts';

/** For telling the server that a transaction is over. One that does not hear it ends it after 10 s of silence. */
const ROLLBACK_LIMIT_MS = 1_000;
/** Between two tries to get the lock that another writer holds. */
const RETRY_MS = 20;

export interface AskedWrite {
  name: WriteName;
  input: unknown;
  deadline: Deadline;
  /** Fires when the service ends. */
  closing: AbortSignal;
}

/**
 * One named write as one transaction of the server. Throws what the write throws, and the faults of faultOfRemote: then nothing has
 * happened, save `outcome_unknown`, when the deadline fired or the connection broke while the commit was on its way. A client
 * that hangs up does not stop its write.
 */
export async function runWrite(server: RemoteServer, { name, input, deadline, closing }: AskedWrite): Promise<unknown> {
  const write = WRITES[name] as unknown as Write<unknown, unknown>;
  let stop = AbortSignal.any([deadline.expired, closing]);
  let sawLock = false;
  for (;;) {
    const client = clientOf(server, () => stop);
    const tx = await client.transaction('write');
    try {
      const output = await write(transactionOn(tx), input);
      deadline.expired.throwIfAborted();
      await commit(tx, deadline, (signal) => {
        stop = AbortSignal.any([signal, closing]);
      });
      return output;
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'outcome_unknown')) {
        stop = AbortSignal.timeout(ROLLBACK_LIMIT_MS);
        await tx.rollback().catch(() => {}); // it ends by itself, with its stream
      }
      if (deadline.expired.aborted) {
        if (sawLock) throw new Fault('database_busy', 'another writer held the write lock of the libSQL server');
        throw deadline.expired.reason;
      }
      const fault = faultOfRemote(error);
      if (fault.code !== 'database_busy' || !isLockOfOthers(error)) throw fault;
      sawLock = true;
      await pause(Math.min(RETRY_MS, deadline.remainingMs()));
    } finally {
      close(tx, client);
    }
    stop = AbortSignal.any([deadline.expired, closing]);
  }
}

/**
 * Commits while the deadline stands. What is on its way when it fires may or may not have happened: the deadline itself is held
 * back, so that the answer says that and not that time was up.
 */
async function commit(
  tx: { commit(): Promise<void> },
  deadline: Deadline,
  stopWith: (signal: AbortSignal) => void,
): Promise<void> {
  const limit = AbortSignal.timeout(Math.ceil(deadline.remainingMs()));
  deadline.suspend();
  stopWith(limit);
  try {
    await tx.commit();
  } catch (error) {
    if (!limit.aborted && !isUnanswered(error)) throw error;
    throw new Fault(
      'outcome_unknown',
      'the commit was on its way to the libSQL server: ask before you repeat the request',
      {
        cause: error,
      },
    );
  }
}

/** Another transaction has the lock. One of ours that the server ended is not tried again. */
function isLockOfOthers(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(SQLITE_BUSY|TRANSACTION_BUSY)/.test(String(error.code));
}

function close(...closable: (Pick<Client, 'close'> | { close(): void })[]): void {
  for (const each of closable) each.close();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
