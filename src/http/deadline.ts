import type { MiddlewareHandler } from 'hono';
import { startDeadline } from '../db/deadline.ts';
import type { AppEnv } from './env.ts';

/**
 * Gives every request its deadline, and its caller the 504 at that instant whatever the handler is doing. A client that
 * hangs up ends the request at once; a write goes on until the deadline, whose timer therefore lives as long as the handler.
 */
export function deadline(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = startDeadline(c.var.service.settings.REQUEST_TIMEOUT_MS, c.req.raw.signal);
    c.set('deadline', started);
    const handled = next().finally(() => started.clear());
    await Promise.race([handled, fired(started.signal)]);
  };
}

/** Rejects with the signal's reason when it fires. */
export function fired(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
