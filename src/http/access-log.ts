import type { Context, MiddlewareHandler } from 'hono';
import { callerAddress } from './auth/client-address.ts';
import { isLogged } from './faults/is-logged.ts';
import type { AppEnv, StreamEnd } from './service.ts';

const LONGEST_PATH = 200;
const LONGEST_REASON = 200;
const LONGEST_ADDRESS = 64;
const LONGEST_NAME = 255;

/**
 * Logs one line per request when its answer has ended. A failed request's line has its code. The query string and the
 * headers are left out, since they may contain secrets. If many requests are refused within a second, only some get a
 * line (refusal-log.ts).
 */
export function accessLog(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = c.get('service').arrivedAt?.(c) ?? performance.now();
    await next();
    const log = c.get('log');
    const user = c.get('user');
    const streamed = c.get('streamed');
    const fault = c.get('fault');
    if (fault !== undefined && !isLogged(c, fault.code)) return;
    const { method } = c.req;
    const { status } = c.res;
    const path = c.req.path.slice(0, LONGEST_PATH);
    const write = (end?: StreamEnd) =>
      log.info(
        {
          method,
          path,
          status,
          ms: Math.round(performance.now() - startedAt),
          user: user?.name.slice(0, LONGEST_NAME),
          ...refusal(c),
          ...end,
        },
        'request',
      );
    if (streamed === undefined) write();
    else void streamed.then(write);
  };
}

/** Returns the members for a failed request. A 401 adds the reason and the address, for the operator. */
function refusal(c: Context<AppEnv>): Readonly<Record<string, string>> {
  const fault = c.get('fault');
  if (fault === undefined) return {};
  if (fault.status !== 401) return { code: fault.code };
  const address = callerAddress(c).slice(0, LONGEST_ADDRESS);
  return { code: fault.code, reason: fault.message.slice(0, LONGEST_REASON), address };
}
