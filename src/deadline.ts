import { Fault } from './faults.ts';

/** The caller of work that no request asked for: timed work, commands. */
export const OURSELVES = 'ourselves';

/** Why a deadline's signal fired although its time had not come: the client has hung up. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * The time a request may take, from its arrival. Reads stop when `signal` fires, be it for the time or for a client that
 * hung up; writes look at `expired` only, since a client that hangs up does not stop its write.
 * Whoever makes one ends it with `clear()`, which releases its timer.
 */
export interface Deadline {
  /**
   * For whom the work is done, by whom waits are shared: a user, or the address of a request that no user has been found for.
   * Names of both kinds are kept apart by their first word.
   */
  readonly caller: string;
  /** True for the next part of an answer that has begun: it gets a place in every queue, for a cut answer is worse than a late one. */
  readonly hasBegun?: boolean;
  /** Fires at the instant, or before it when the client has gone; `reason` is a Fault or a ClientGone. */
  readonly signal: AbortSignal;
  /** Fires at the instant only; `reason` is the Fault `deadline_exceeded`. */
  readonly expired: AbortSignal;
  /** The instant, in milliseconds of `performance.now()`. */
  readonly at: number;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /**
   * Keeps it from firing: a write was allowed to commit while its time stood, and its answer now waits for the result, which
   * has a limit of its own. So nobody is told that time was up for what then happened.
   */
  suspend(): void;
  /** Lets it fire again, at once if its time has come: for whatever follows that write. */
  resume(): void;
  clear(): void;
  /** Fires `signal`: the request has been answered with an error, and its other reads are of no use. */
  abandon(): void;
  /** Told of work that goes on behind the answer, where a runtime ends what it does not know of. */
  readonly behind?: (work: Promise<unknown>) => void;
}

/** Runs work of our own, which no request asked for, within a deadline of `limitMs`. */
export async function within<Result>(limitMs: number, run: (deadline: Deadline) => Promise<Result>): Promise<Result> {
  const deadline = startDeadline(limitMs);
  try {
    return await run(deadline);
  } finally {
    deadline.clear();
  }
}

/** A deadline for a part of what `whole` is for: work of the same caller. */
export function partOf(whole: Deadline, limitMs: number, gone?: AbortSignal): Deadline {
  return { ...startDeadline(limitMs, gone), caller: whole.caller };
}

/**
 * A deadline `limitMs` after `startedAt` (an instant of `performance.now()`, by default now). `gone` is the request's own
 * signal: it fires when the client hangs up.
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
