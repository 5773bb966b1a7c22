import { Fault } from './faults.ts';

/** The caller of work that does not belong to a request: timed work, commands. */
export const OURSELVES = 'ourselves';

/** The reason of a signal that fired before the deadline: the client has disconnected. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * The time limit of a request, counted from its arrival. Reads stop when `signal` fires: at the deadline, or when the
 * client disconnects. Writes use only `expired`, because a write continues if its client disconnects. The creator must
 * call `clear()`, which releases the timer.
 */
export interface Deadline {
  /**
   * The caller, by which queues are shared: a user, or the address of a request without an identified user. The first
   * word of the name distinguishes the two.
   */
  readonly caller: string;
  /**
   * True for the next part of a started response. It is always queued: a truncated response is worse than a late one.
   */
  readonly hasBegun?: boolean;
  /** Fires at the deadline, or earlier if the client disconnects. The reason is a Fault or a ClientGone. */
  readonly signal: AbortSignal;
  /** Fires only at the deadline. The reason is the Fault `deadline_exceeded`. */
  readonly expired: AbortSignal;
  /** Time of the deadline in milliseconds of `performance.now()`. */
  readonly at: number;
  /** Milliseconds left, never negative. */
  remainingMs(): number;
  /**
   * Stops the deadline from firing. A write was allowed to commit in time, and its response now waits for the result,
   * which has a time limit of its own. So no client gets a timeout for a write that then succeeds.
   */
  suspend(): void;
  /** Lets the deadline fire again, at once if its time has passed. For the work after such a write. */
  resume(): void;
  clear(): void;
  /** Fires `signal`. The request was answered with an error, so its other reads are useless. */
  abandon(): void;
  /** Registers work that continues after the response. Some runtimes would otherwise stop it. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Runs work that does not belong to a request, with a deadline of `limitMs`. `stop` ends it before. */
export async function within<Result>(
  limitMs: number,
  run: (deadline: Deadline) => Promise<Result>,
  stop?: AbortSignal,
): Promise<Result> {
  const deadline = startDeadline(limitMs, stop);
  try {
    return await run(deadline);
  } finally {
    deadline.clear();
  }
}

/** A deadline for a part of the work of `whole`, with the same caller. */
export function partOf(whole: Deadline, limitMs: number, gone?: AbortSignal): Deadline {
  return { ...startDeadline(limitMs, gone), caller: whole.caller };
}

/**
 * Starts a deadline `limitMs` after `startedAt` (a time of `performance.now()`, by default now). `gone` is the signal
 * of the request, which fires when the client disconnects.
 */
export function startDeadline(limitMs: number, gone?: AbortSignal, startedAt = performance.now()): Deadline {
  const at = startedAt + limitMs;
  const expiry = new AbortController();
  const either = new AbortController();
  const expire = () => {
    const fault = new Fault('deadline_exceeded', `the request did not finish within ${limitMs} ms`);
    expiry.abort(fault);
    either.abort(fault);
  };
  const hangUp = () => either.abort(new ClientGone('the client disconnected'));
  const remainingMs = () => Math.max(0, at - performance.now());
  let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(expire, remainingMs());
  if (gone?.aborted) hangUp();
  gone?.addEventListener('abort', hangUp, { once: true });
  return {
    caller: OURSELVES,
    signal: either.signal,
    expired: expiry.signal,
    at,
    remainingMs,
    suspend() {
      clearTimeout(timer);
      timer = undefined;
    },
    resume() {
      if (timer !== undefined || expiry.signal.aborted) return;
      if (remainingMs() === 0) expire();
      else timer = setTimeout(expire, remainingMs());
    },
    abandon: () => either.abort(new ClientGone('the request has failed')),
    clear() {
      clearTimeout(timer);
      gone?.removeEventListener('abort', hangUp);
    },
  };
}
