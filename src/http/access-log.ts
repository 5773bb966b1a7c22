import type { MiddlewareHandler } from 'hono';
import type { AppEnv, StreamEnd } from './env.ts';

const LONGEST_PATH = 200;

/**
 * One line a request, written when its answer has ended. Neither the query string nor a header is in it: they may hold
 * what nobody should read in a log.
 */
export function accessLog(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { log, user, streamed } = c.var;
    const { method } = c.req;
    const { status } = c.res;
    const path = c.req.path.slice(0, LONGEST_PATH);
    const write = (end?: StreamEnd) =>
      log.info(
        { method, path, status, ms: Math.round(performance.now() - startedAt), user: user?.name, ...end },
        'request',
      );
    if (streamed === undefined) write();
    else void streamed.then(write);
  };
}
