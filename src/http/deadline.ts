import type { MiddlewareHandler } from 'hono';
import { startDeadline } from '../db/deadline.ts';
import { addressForLimits } from './client-address.ts';
import type { AppEnv } from './env.ts';
import { answerTo } from './faults.ts';

/**
 * Gives every request its deadline, and its caller the 504 at that instant whatever the handler is doing. A client that
 * hangs up ends the request at once; a write goes on until the deadline, whose timer therefore lives as long as the handler.
 */
export function deadline(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { settings, goesOn } = c.var.service;
    const started = startDeadline(settings.REQUEST_TIMEOUT_MS, c.req.raw.signal);
    const caller = `address ${addressForLimits(c)}`; // until it is known which user asks
    const behind = goesOn === undefined ? {} : { behind: (work: Promise<unknown>) => goesOn(c, work) };
    c.set('deadline', { ...started, ...behind, caller });
    const handled = next().finally(() => started.clear());
    goesOn?.(
      c,
      handled.catch(() => {}),
    ); // a client that hangs up does not stop a write
    await Promise.race([handled, nextTurn(started.signal)]);
    if (!started.signal.aborted || c.finalized) return;
    c.set('givenUp', true); // first: what the handler still throws is nobody's answer
    c.res = answerTo(started.signal.reason, c);
  };
}

/** Resolves a turn of the event loop after the signal: a handler that is told by it knows better what its caller waited for. */
function nextTurn(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const soon = () => void setTimeout(resolve, 0);
    if (signal.aborted) soon();
    else signal.addEventListener('abort', soon, { once: true });
  });
}
