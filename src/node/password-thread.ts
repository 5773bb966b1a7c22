import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../faults.ts';
import type { ComparePassword } from '../http/auth/passwords.ts';

const PROGRAM = join(import.meta.dirname, 'password-program.ts');
/** Of its V8, MB. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
/** Idle for so long, it ends: people log in one after another in the morning, and then nobody does for hours. */
const IDLE_MS = 10_000;
/** A hash of cc-backend's cost takes 90 ms; one of a cost that nobody chose on purpose must not hold up the others. */
const LONGEST_COMPARE_MS = 20_000;

export interface PasswordThread {
  /** One at a time. Throws connection_lost. */
  readonly compare: ComparePassword;
  /** Whether there is a thread now. */
  readonly isRunning: () => boolean;
  close(): Promise<void>;
}

/**
 * Compares passwords on a thread of its own, which starts with the first and ends when it has been idle: on the service's only thread
 * each would hold up every request for 90 ms.
 */
export function passwordThread({ idleMs = IDLE_MS, longestMs = LONGEST_COMPARE_MS } = {}): PasswordThread {
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;

  const start = () => {
    const started = new Worker(PROGRAM, { resourceLimits: LIMITS, execArgv: [], env: {} });
    started.on('error', () => {}); // it has ended, which is what counts
    started.on('exit', () => {
      if (thread === started) thread = undefined;
    });
    return started;
  };
  const end = async () => {
    const ending = thread;
    thread = undefined;
    await ending?.terminate();
  };
  return {
    async compare(password, hash) {
      clearTimeout(idle);
      thread ??= start();
      const running = thread;
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const lost = () => reject(new Fault('connection_lost', 'the password could not be compared: try again'));
      const tooLong = setTimeout(() => void end(), longestMs);
      running.once('message', resolve);
      running.once('exit', lost);
      running.postMessage({ password, hash });
      try {
        return await promise;
      } finally {
        clearTimeout(tooLong);
        running.off('message', resolve);
        running.off('exit', lost);
        idle = setTimeout(() => void end(), idleMs).unref();
      }
    },
    isRunning: () => thread !== undefined,
    async close() {
      clearTimeout(idle);
      await end();
    },
  };
}
