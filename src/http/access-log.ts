import type { Context, MiddlewareHandler } from 'hono';
import { callerAddress } from './auth/client-address.ts';
import type { AppEnv, StreamEnd } from './env.ts';
import { isLogged } from './errors/is-logged.ts';

const LONGEST_PATH = 200;
const LONGEST_REASON = 200;
const LONGEST_ADDRESS = 64;
const LONGEST_NAME = 255;

/**
 * One line a request, written when its answer has ended; of one that failed with its code. Neither the query string nor a header is in it: they may hold
 * what nobody should read in a log. Of many refused requests within a second only some have their lines (refusal-log.ts).
 */
export function accessLog(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { log, user, streamed, fault } = c.var;
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

/** Of a request that failed. Whoever is turned away wants to know why, and his operator who he was. */
function refusal(c: Context<AppEnv>): Readonly<Record<string, string>> {
  const { fault } = c.var;
  if (fault === undefined) return {};
  if (fault.status !== 401) return { code: fault.code };
  const address = callerAddress(c).slice(0, LONGEST_ADDRESS);
  return { code: fault.code, reason: fault.message.slice(0, LONGEST_REASON), address };
}
