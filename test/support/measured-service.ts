/** A service in a process of its own that measures the turns of its event loop. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeToken } from '../../src/http/auth/token.ts';
import type { SharedJobs } from './setups.ts';
import { keys } from './test-app.ts';

/**
 * A turn counts if it is too long each time: the garbage collector and the compiler have turns of their own, and next to
 * other programs the same work takes half as long again. The list of the largest job takes 35 to 48 ms.
 */
export const TRIES = 6;

export interface MeasuredService {
  url: string;
  /** A token with the roles admin and api. */
  token: string;
  /** CPU time of the calibrating loop: 50 ms on the machine where the limit was set. */
  calibratedMs: number;
  /** The longest turn since the last call, in ms of CPU time. */
  longestTurn(): Promise<number>;
  stop(): Promise<void>;
}

export async function measuredService(jobs: SharedJobs, env: Record<string, string> = {}): Promise<MeasuredService> {
  const child = fork(join(import.meta.dirname, '../fixtures/service-that-measures-turns.ts'), {
    execArgv: [
      '--max-semi-space-size=2',
      '--heap-growing-percent=30',
      '--v8-pool-size=1',
      '--disable-warning=ExperimentalWarning',
    ], // as bin/cc-jobs
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DB_URL: `file:${jobs.path}`,
      ARCHIVE_PATH: jobs.archive,
      COLUMN_INDEX: 'off',
      JWT_PUBLIC_KEY: keys.publicKey,
      SESSION_KEY: btoa('a session key that all of them have'),
      LOG_LEVEL: 'silent',
      ...env,
    },
  });
  const [{ url, calibratedMs }] = (await once(child, 'message')) as [{ url: string; calibratedMs: number }];
  return {
    url,
    token: await makeToken(keys.privateKey, { user: 'root', roles: ['admin', 'api'] }),
    calibratedMs,
    async longestTurn() {
      child.send('turn');
      const [{ longestMs }] = (await once(child, 'message')) as [{ longestMs: number }];
      return longestMs;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
