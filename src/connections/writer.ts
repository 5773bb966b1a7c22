import type { Maintenance } from '../db/maintenance.ts';
import type { WriteInput, WriteName, WriteOutput } from '../db/writes/all-writes.ts';
import type { Deadline } from '../deadline.ts';
import type { Turn } from '../fair-queue.ts';
import { Fault } from '../faults.ts';
import { abandonedWith } from '../processes/call-with-retry.ts';
import type { Counters } from '../processes/counters.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { WriterProtocol } from './connection-protocol.ts';
import { groupOf, type PoolOptions } from './start-connection.ts';

/**
 * Time from the permission to commit to the result. A commit takes a millisecond, or seconds on a stalled disk. After
 * this time the outcome is unknown.
 */
const COMMIT_LIMIT_MS = 5_000;

/** The writing half of the port, over one connection process. */
export class Writer {
  readonly #group: ProcessGroup<WriterProtocol>;
  /** True if another program held the lock at the last write, and no write has got the lock since. */
  #lockIsHeld = false;

  constructor(options: PoolOptions, counters: Counters, replacementPermit: ReplacementPermit) {
    this.#group = groupOf<WriterProtocol>(options, 'writer', 1, counters, replacementPermit);
  }

  get members(): ProcessGroup<WriterProtocol>['members'] {
    return this.#group.members;
  }

  get queued(): number {
    return this.#group.queued;
  }

  async open(): Promise<void> {
    await this.#group.open();
  }

  housekeeping(): void {
    this.#group.housekeeping();
  }

  async close(graceMs: number): Promise<void> {
    await this.#group.close(graceMs);
  }

  /** Runs one write. A client that disconnects does not stop it; only `deadline.expired` does. */
  async write<Name extends WriteName>(
    name: Name,
    input: WriteInput<Name>,
    deadline: Deadline,
  ): Promise<WriteOutput<Name>> {
    deadline.resume(); // suspended by an earlier write of the same request
    try {
      const output = await this.#group.use(turnOf(deadline), (process) =>
        this.#writeOn(process, name, input, deadline),
      );
      return output as WriteOutput<Name>;
    } catch (error) {
      // A write that waited in the queue after one that waits for the lock has waited for the lock too.
      throw error === deadline.expired.reason && this.#lockIsHeld ? lockHeld() : error;
    }
  }

  /** Runs a maintenance task in turn with the writes. Cannot be interrupted: at the deadline its process is killed. */
  async maintain(task: Maintenance, deadline: Deadline): Promise<Record<string, number>> {
    return await this.#group.use(turnOf(deadline), (process) =>
      abandonedWith(deadline.expired, process, () => process.run('maintain', task)),
    );
  }

  /**
   * Runs a write on the process. A write has four stages:
   * - sent: not yet started. At the deadline: `deadline_exceeded`.
   * - locked: another program holds the lock. At the deadline: `database_busy`, also for the writes in the queue.
   * - began: the write holds the lock. At the deadline its caller gets `deadline_exceeded`. The write rolls back when
   *   it asks to commit. If it does not ask in time, its process is killed.
   * - committing: the parent has given permission and waits for the result. If the process dies now, the outcome is
   *   unknown: `outcome_unknown`.
   */
  async #writeOn(process: ManagedProcess<WriterProtocol>, name: WriteName, input: unknown, deadline: Deadline) {
    let isCommitting = false;
    const events = {
      onStep: (step: WriterProtocol['step']) => {
        this.#lockIsHeld = step === 'locked';
      },
      mayCommit: () => {
        this.#lockIsHeld = false;
        isCommitting = !deadline.expired.aborted && deadline.remainingMs() > 0;
        if (!isCommitting) return false;
        deadline.suspend();
        process.killAfter(COMMIT_LIMIT_MS, 'its commit did not finish');
        return true;
      },
    };
    try {
      return await abandonedWith(deadline.expired, process, () => process.run('write', { name, input }, events));
    } catch (error) {
      if (!isCommitting || !(error instanceof Fault && error.code === 'connection_lost')) throw error;
      throw new Fault(
        'outcome_unknown',
        'the writer died during the commit: check whether the change was applied before retrying',
        { cause: error },
      );
    }
  }
}

/** Keeps the place of a client that disconnects. */
function turnOf({ expired, caller }: Deadline): Turn {
  return { signal: expired, caller };
}

function lockHeld(): Fault {
  return new Fault('database_busy', 'another program held the write lock of the database until the deadline');
}
