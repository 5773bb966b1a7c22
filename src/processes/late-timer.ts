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
