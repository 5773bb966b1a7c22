import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../faults.ts';
import type { ComparePassword } from '../http/auth/passwords.ts';

const PROGRAM = join(import.meta.dirname, 'password-program.ts');
/** V8 heap limits in MB. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
/** Idle time after which the thread ends. Logins come together in the morning and are rare for hours after that. */
const IDLE_MS = 10_000;
/** A hash with cc-backend's cost takes 90 ms. A hash with an absurd cost must not block the others. */
const LONGEST_COMPARE_MS = 20_000;

export interface PasswordThread {
  /** Compares one password at a time. Throws connection_lost. */
  readonly compare: ComparePassword;
  /** True while the thread exists. */
  readonly isRunning: () => boolean;
  close(): Promise<void>;
}

/**
 * Compares passwords on a thread of its own. On the main thread each comparison would block all requests for 90 ms. The
 * thread starts with the first comparison and ends when it has been idle.
 */
export function passwordThread({ idleMs = IDLE_MS, longestMs = LONGEST_COMPARE_MS } = {}): PasswordThread {
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;

  const start = () => {
    const started = new Worker(PROGRAM, { resourceLimits: LIMITS, execArgv: [], env: {} });
    started.on('error', () => {}); // the `exit` event follows
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
