import { cpuMsOf } from './cpu-time.ts';

/** A timer this late was delayed: our event loop was blocked, or the whole service was stopped. */
const LATE_MS = 50;

/**
 * Calls `act` after `ms` in which the event loop could read the messages of its processes. Use it for timers that do
 * harm, such as a kill. After a stall of the parent, a timer fires before the message is read that would have cleared
 * it. A process that was stopped together with the parent had no time to answer. Therefore a timer that fires late
 * starts once more, and every timer waits for one turn of the event loop before it acts. Returns a function that clears
 * the timer.
 */
export function afterWaiting(ms: number, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const wait = (isLast: boolean) => {
    const dueAt = performance.now() + ms;
    timer = setTimeout(() => {
      if (!isLast && performance.now() - dueAt > LATE_MS) wait(true);
      else turn = setImmediate(act);
    }, ms);
  };
  wait(false);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** A process has had its time when it has used `cpuMs` of CPU, or after `wallMs` in any case. */
export interface WorkingTime {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/**
 * Calls `act` when a process has had its time. On a busy machine a process of low priority may get a twentieth of a
 * core, and would be killed for work that it never had the chance to do. `wallMs` is for one that uses no CPU because it
 * is stopped, or blocked in a call of the system. Where the system does not report CPU time, `act` is called after
 * `cpuMs`. Returns a function that clears the timer.
 */
export function afterWorking(pid: number, { cpuMs, wallMs }: WorkingTime, act: () => void): () => void {
  const usedBefore = cpuMsOf(pid) ?? 0;
  let waitedMs = 0; // not the time since the start: both processes may have been stopped together
  let clear = () => {};
  const wait = (ms: number) => {
    clear = afterWaiting(ms, () => {
      waitedMs += ms;
      const leftMs = cpuMs - ((cpuMsOf(pid) ?? Number.POSITIVE_INFINITY) - usedBefore);
      if (leftMs > 0 && waitedMs < wallMs) wait(leftMs);
      else act();
    });
  };
  wait(cpuMs);
  return () => clear();
}
