import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../faults.ts';
import type { ComparePassword } from '../http/auth/compare-passwords.ts';
import type { HashPassword } from '../http/auth/new-password.ts';

const PROGRAM = join(import.meta.dirname, 'password-program.ts');
/** V8 heap limits in MB. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
/** Idle time after which the thread ends. Logins come together in the morning and are rare for hours after that. */
const IDLE_MS = 10_000;
/** A hash with cc-backend's cost takes 90 ms. A hash with an absurd cost must not block the others. */
const LONGEST_COMPARE_MS = 20_000;

/** A password to compare with a hash, or to hash if it has none. */
export interface PasswordWork {
  readonly password: string;
  readonly hash?: string;
}

export interface PasswordThread {
  /** Throws connection_lost. */
  readonly compare: ComparePassword;
  /** Throws connection_lost. */
  readonly hash: HashPassword;
  /** True while the thread exists. */
  readonly isRunning: () => boolean;
  close(): Promise<void>;
}

/**
 * Compares and hashes passwords on a thread of its own. On the main thread each would block all requests for 90 ms. The
 * thread starts with the first password and ends when it has been idle.
 */
export function passwordThread({ idleMs = IDLE_MS, longestMs = LONGEST_COMPARE_MS } = {}): PasswordThread {
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let asked = 0;
  let pending = 0;

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
  const ask = async <Answer>(work: PasswordWork): Promise<Answer> => {
    clearTimeout(idle);
    thread ??= start();
    const running = thread;
    asked += 1;
    pending += 1;
    const id = asked;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const answered = (message: { id: number; answer: Answer }) => {
      if (message.id === id) resolve(message.answer);
    };
    const lost = () => reject(new Fault('connection_lost', 'the password could not be processed: try again'));
    const tooLong = setTimeout(() => void end(), longestMs);
    running.on('message', answered);
    running.once('exit', lost);
    running.postMessage({ id, work });
    try {
      return await promise;
    } finally {
      clearTimeout(tooLong);
      running.off('message', answered);
      running.off('exit', lost);
      pending -= 1;
      if (pending === 0) idle = setTimeout(() => void end(), idleMs).unref();
    }
  };
  return {
    compare: (password, hash) => ask<boolean>({ password, hash }),
    hash: (password) => ask<string>({ password }),
    isRunning: () => thread !== undefined,
    async close() {
      clearTimeout(idle);
      await end();
    },
  };
}
