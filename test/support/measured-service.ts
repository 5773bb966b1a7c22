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
const TRIES = 6;
/** Next to other programs the calibrating loop takes longer, too. It counts up to this many times its first time. */
const MOST_SLOWER = 2;

export interface MeasuredService {
  url: string;
  /** A token with the roles admin and api. */
  token: string;
  /** CPU time of the calibrating loop at the start: 50 ms on the machine where the limit was set. */
  calibratedMs: number;
  /** The same now. */
  calibrate(): Promise<number>;
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
    async calibrate() {
      child.send('calibrate');
      const [{ calibratedMs: ms }] = (await once(child, 'message')) as [{ calibratedMs: number }];
      return ms;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/**
 * The longest turn of some work, as a share of the calibrating loop: below 1 is short enough. The work is done again if it
 * was not, and the shortest time counts.
 */
export async function longestShare(service: MeasuredService, work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  await service.longestTurn();
  for (let tries = 0; tries < TRIES && least >= 1; tries += 1) {
    await work();
    const turnMs = await service.longestTurn();
    const { calibratedMs: firstMs } = service;
    const nowMs = turnMs < firstMs ? firstMs : Math.min(firstMs * MOST_SLOWER, await service.calibrate());
    least = Math.min(least, turnMs / Math.max(firstMs, nowMs));
  }
  return least;
}
