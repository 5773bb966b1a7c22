import type { Context } from 'hono';
import type { FaultCode } from '../faults.ts';
import type { AppEnv, Log } from './env.ts';

/** Of each code within a second; one more is only counted, so that a flood of one kind neither fills the disk nor hides another. */
const MOST_IN_FULL = 20;
const WINDOW_MS = 1_000;

/** Which refused requests get lines of their own in the log; the rest of a second become one line with their number. One per app. */
export class RefusalLog {
  readonly #log: Pick<Log, 'warn'>;
  readonly #seen = new Map<FaultCode, number>();
  #startedAt = Number.NEGATIVE_INFINITY;

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** Counts a refusal. False when it gets no lines of its own. */
  takes(code: FaultCode, nowMs = performance.now()): boolean {
    if (nowMs - this.#startedAt >= WINDOW_MS) this.#begin(nowMs);
    const seen = (this.#seen.get(code) ?? 0) + 1;
    this.#seen.set(code, seen);
    // The last second of a flood has no request after it. In a Worker such a timer may never fire: the next refusal tells.
    if (seen === MOST_IN_FULL + 1) unref(setTimeout(() => this.#begin(performance.now()), WINDOW_MS));
    return seen <= MOST_IN_FULL;
  }

  #begin(nowMs: number): void {
    const only = [...this.#seen].filter(([, seen]) => seen > MOST_IN_FULL);
    this.#seen.clear();
    this.#startedAt = nowMs;
    if (only.length === 0) return;
    const counted = Object.fromEntries(only.map(([code, seen]) => [code, seen - MOST_IN_FULL]));
    this.#log.warn({ refused: counted }, 'further refused requests were not logged');
  }
}

/** Where timers are objects they must not keep the process alive. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
}

/** Whether this request, refused with this code, gets lines in the log: all of them or none. */
export function isLogged(c: Context<AppEnv>, code: FaultCode): boolean {
  if (c.var.isLogged === undefined) c.set('isLogged', c.var.refusals.takes(code));
  return c.var.isLogged ?? true;
}
