import type { Context, MiddlewareHandler } from 'hono';
import { type Deadline, startDeadline } from '../../deadline.ts';
import { addressForLimits } from '../auth/client-address.ts';
import type { AppEnv } from '../env.ts';
import { answerTo, faultOf } from '../errors/error-responses.ts';

/** A `queue_full` is answered this much later. Its Retry-After says the same. */
const REFUSAL_PAUSE_MS = 1_000;

/**
 * Gives every request its deadline, and its caller the 504 at that instant whatever the handler is doing. A client that
 * hangs up ends the request at once; a write goes on until the deadline, whose timer therefore lives as long as the handler.
 */
export function deadline(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { settings, waitUntil } = c.var.service;
    const started = startDeadline(settings.REQUEST_TIMEOUT_MS, c.req.raw.signal);
    const caller = `address ${addressForLimits(c)}`; // until it is known which user asks
    const behind = waitUntil === undefined ? {} : { behind: (work: Promise<unknown>) => waitUntil(c, work) };
    c.set('deadline', { ...started, ...behind, caller });
    const handled = next().finally(() => started.clear());
    waitUntil?.(
      c,
      handled.catch(() => {}),
    ); // a client that hangs up does not stop a write
    await Promise.race([handled, nextTurn(started.signal)]);
    if (c.error !== undefined) return await afterFault(c, started);
    if (!started.signal.aborted || c.finalized) return;
    c.set('givenUp', true); // first: what the handler throws later is not answered
    c.res = answerTo(started.signal.reason, c);
  };
}

/**
 * Ends what a request that has failed still waits for. The answer `queue_full` is held for a second, so that a client that ignores
 * Retry-After costs little: with 300 such connections, refusals alone kept the thread of all requests busy, and the lists of another user
 * took 760 ms instead of 15.
 */
async function afterFault(c: Context<AppEnv>, started: Deadline): Promise<void> {
  started.abandon();
  const { signal } = c.req.raw;
  if (faultOf(c.error).code !== 'queue_full' || signal.aborted) return;
  const pauseMs = Math.min(REFUSAL_PAUSE_MS, started.remainingMs());
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, pauseMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Resolves one turn of the event loop after the signal: a handler that receives it has the better error. */
function nextTurn(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const soon = () => void setTimeout(resolve, 0);
    if (signal.aborted) soon();
    else signal.addEventListener('abort', soon, { once: true });
  });
}
