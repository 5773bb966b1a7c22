import type { Maintenance } from '../db/maintenance.ts';
import type { WriteName } from '../db/writes/index.ts';
import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { ProcessGroup } from '../processes/process-group.ts';
import type { WriteStep } from '../processes/process-state.ts';
import type { Turn } from '../processes/queue.ts';

/** From "yes, commit" to the result. A commit takes a millisecond, a stalled disk seconds; then nobody can tell. */
const COMMIT_LIMIT_MS = 5_000;

/**
 * How far a write has come, seen from here:
 * - sent: on its way to the writer; at the deadline `deadline_exceeded`.
 * - locked: somebody else holds the lock; given up at the deadline, which is `database_busy`, also for those in the queue.
 * - began: it holds the lock; at the deadline its caller gets `deadline_exceeded`, and it rolls back: by its own hand when
 *   it asks to commit, by being killed when it does not ask in time.
 * - committing: we said yes, and from here wait for the result. If the process dies now, nobody knows: `outcome_unknown`.
 */
type Stage = 'sent' | 'locked' | 'began' | 'committing';

/** Runs one write on the writer. A client that hangs up does not stop it: only `deadline.expired` counts. */
export async function runWrite(
  group: ProcessGroup,
  name: WriteName,
  input: unknown,
  deadline: Deadline,
): Promise<unknown> {
  deadline.resume(); // after a write before this one
  try {
    return await group.use(turnOf(deadline), (process) => writeOn(process, name, input, deadline));
  } catch (error) {
    // One that waited in the queue behind a write that waits for the lock waited for the lock.
    const isLate = error === deadline.expired.reason;
    throw isLate && group.members.some((process) => process.lockIsHeld) ? lockHeld() : error;
  }
}

/** A client that hangs up leaves its place to nobody. */
function turnOf({ expired, caller }: Deadline): Turn {
  return { signal: expired, caller };
}

function lockHeld(): Fault {
  return new Fault('database_busy', 'another program held the write lock of the database until the deadline');
}

/** Maintenance waits for its turn at the writer like a write. It cannot be interrupted: at the deadline its process is killed. */
export async function runMaintenance(
  group: ProcessGroup,
  task: Maintenance,
  deadline: Deadline,
): Promise<Record<string, number>> {
  const reply = await group.use(turnOf(deadline), async (process) => {
    const stop = () => process.abandon(deadline.expired.reason);
    deadline.expired.addEventListener('abort', stop, { once: true });
    try {
      return await process.run({ kind: 'maintain', task });
    } finally {
      deadline.expired.removeEventListener('abort', stop);
    }
  });
  if (reply.kind !== 'written') throw new Fault('internal', `the writer answered ${reply.kind}`);
  return reply.output as Record<string, number>;
}

async function writeOn(process: ManagedProcess, name: WriteName, input: unknown, deadline: Deadline): Promise<unknown> {
  const stage: { now: Stage } = { now: 'sent' };
  const expire = () => process.abandon(deadline.expired.reason);
  const step = (told: WriteStep) => {
    if (stage.now === 'committing') return; // it asks once
    process.lockIsHeld = told === 'locked';
    if (told !== 'mayCommit') {
      stage.now = told;
      return;
    }
    const stands = !deadline.expired.aborted && deadline.remainingMs() > 0;
    if (!process.answerCommit(stands)) return;
    stage.now = 'committing';
    deadline.suspend();
    process.killAfter(COMMIT_LIMIT_MS, 'its commit did not finish');
  };
  deadline.expired.addEventListener('abort', expire, { once: true });
  try {
    const reply = await process.run({ kind: 'write', name, input }, step);
    if (reply.kind !== 'written') throw new Fault('internal', `the writer answered ${reply.kind}`);
    return reply.output;
  } catch (error) {
    const died = error instanceof Fault && error.code === 'connection_lost';
    if (died && stage.now === 'committing') {
      throw new Fault(
        'outcome_unknown',
        'the writer died during the commit: check whether the change was applied before retrying',
        {
          cause: error,
        },
      );
    }
    throw error;
  } finally {
    deadline.expired.removeEventListener('abort', expire);
  }
}
