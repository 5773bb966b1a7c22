/** A timer that fires so late was held up: by our own event loop, or because the whole service was stopped. */
const LATE_MS = 50;

/**
 * Calls `act` when `ms` have passed in which the event loop could read what its processes sent. For timers that do harm, such as a kill:
 * after a stall of our own a timer fires before the answer is read that would have cleared it, and a process that was stopped together
 * with us has had no time to answer. So a timer that fires late begins once more, and each waits for a turn of the loop before it acts.
 * Returns what clears it.
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
