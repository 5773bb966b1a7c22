/** Processes and their queue: deadlines, memory, commits. */
import { type Mutation, mutation } from './mutation.ts';

export const POOL: readonly Mutation[] = [
  mutation('pool/queue.ts', 'this.#waiting.length >= this.#limit', 'this.#waiting.length > this.#limit', 'pool/queue'),
  mutation('pool/queue.ts', "signal.addEventListener('abort', drop, { once: true });", '', 'pool/queue'),
  mutation('pool/queue.ts', 'this.#waiting = [];\n', '\n', 'pool/queue'),
  mutation(
    'pool/process.ts',
    'const allowed = wanted && !task.abandoned;',
    'const allowed = wanted;',
    'pool/write',
    'http/deadline',
  ),
  mutation('pool/process.ts', ' || this.#state.task.id !== message.id) return;', ') return;', 'pool/read'),
  mutation('pool/process.ts', "this.killAfter(graceMs, 'what it did could not be interrupted');", '', 'pool/read'),
  mutation('pool/process.ts', "this.#send({ kind: 'interrupt', id: task.id });", '', 'pool/read'),
  mutation(
    'pool/write.ts',
    "if (died && stage.now === 'committing')",
    "if (died && stage.now === 'sent')",
    'pool/write',
  ),
  mutation('pool/write.ts', 'throw isLate && crew', 'throw !isLate && crew', 'pool/write'),
  mutation('pool/memory-watch.ts', 'process.restingMb + process.growthMb', 'process.restingMb + 1e6', 'pool/memory'),
  mutation(
    'pool/read.ts',
    'if (!isLost(error) || deadline.signal.aborted) throw error;',
    'if (!deadline.signal.aborted) throw error;',
    'pool/read',
  ),
  mutation(
    'pool/served-file.ts',
    'identityOf(this.#options.path) !== this.#identity',
    "identityOf(this.#options.path) === ''",
    'pool/served-file',
  ),
  mutation('pool/crew.ts', 'Math.min(now * 2, RESTART_MS[1])', 'now', 'pool/restarts'),
  mutation('pool/crew.ts', 'if (this.#queue.full)', 'if (this.#queue.length < 0)', 'pool/troubled-writes'),
  mutation('pool/spare-slot.ts', 'if (this.#taken) return false;', '', 'pool/crew'),
  mutation('pool/sizing.ts', 'limitMb * ARCHIVE_MB.part', 'limitMb * 9', 'pool/sizing'),
  mutation('pool/spawn.ts', "PATH: process.env['PATH'],", '...process.env,', 'pool/start'),
];
