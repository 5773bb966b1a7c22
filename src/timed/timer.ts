import type { TimedWorkStatus } from '../system-state-types.ts';
import { lastTimedWork, runTimedWork, type TimedOptions } from './run-timed-work.ts';
import type { TimedTask } from './task.ts';
import { TIMETABLE } from './timetable.ts';

/** Time between two checks of the timetable. No work runs more often. */
const LOOK_MS = 1_000;
/** If wall clock and monotonic clock diverge by more than this, the clock was set or the machine was suspended. */
const JUMP_SEC = 300;
/** How long a clock must keep its time, after a jump and after a start, before old data is deleted by it. */
const TRUSTED_AGAIN_MS = 3_600_000;

export interface Timer {
  /** When each piece of timed work last ran and its result, as of the last check. */
  status(): readonly TimedWorkStatus[];
  /** Waits for the running piece, or its next part if it takes seconds, and starts no others. */
  stop(): Promise<void>;
}

/**
 * Runs timed work while the service runs. Queries the database only for work that may be due. The settings are read at
 * each check, because a reload may change them.
 */
export function startTimer(options: TimedOptions): Timer {
  const checkedAt = new Map<string, number>();
  let last: readonly TimedWorkStatus[] | undefined;
  let running: Promise<void> | undefined;
  const stopping = new AbortController();
  const offset = () => options.clock() - performance.now() / 1000;
  let usualOffset = offset();
  // A machine may start with a wrong clock, which the network sets soon: that is a jump.
  let clockTrustedAt = performance.now() + TRUSTED_AGAIN_MS;
  const waitAfterJump = () => {
    const jumpSec = Math.round(offset() - usualOffset);
    if (Math.abs(jumpSec) <= JUMP_SEC) return;
    usualOffset = offset();
    options.log.warn({ jumpSec }, 'the clock jumped: no jobs are ended and no node states deleted for an hour');
    clockTrustedAt = performance.now() + TRUSTED_AGAIN_MS;
  };
  const isDue = ({ name, everySec, trustsClock }: TimedTask, now: number) => {
    const sec = everySec(options.settings);
    if (sec === 'off' || (trustsClock === true && now < clockTrustedAt)) return false;
    return now >= (checkedAt.get(name) ?? Number.NEGATIVE_INFINITY) + sec * 1000;
  };
  const round = async () => {
    waitAfterJump();
    const now = performance.now();
    const due = TIMETABLE.filter((task) => isDue(task, now));
    if (due.length === 0 && last !== undefined) return;
    for (const { name } of due) checkedAt.set(name, now);
    await runTimedWork({ ...options, signal: stopping.signal }, due);
    if (!stopping.signal.aborted) last = await lastTimedWork(options);
  };
  const look = () => {
    running ??= round()
      .catch((error: unknown) => options.log.warn({ err: error }, 'the timetable of timed work could not be checked'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    status: () => last ?? [],
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
