import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AppEnv } from '../service.ts';
import type { ObservedRequest } from './prometheus-port.ts';

/** Reports each request when its answer has ended. Labels are patterns and never what a caller wrote. */
export function observeRequests(observe: (request: ObservedRequest) => void): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = c.get('service').arrivedAt?.(c) ?? performance.now();
    await next();
    // Middleware has patterns with `*`. Of several routes that match, such as count and {id}, the first one answers.
    const route = matchedRoutes(c).find(({ path }) => !path.includes('*'))?.path ?? 'none';
    const report = () =>
      observe({
        method: METHODS.has(c.req.method) ? c.req.method : 'other',
        route,
        status: c.res.status,
        seconds: (performance.now() - startedAt) / 1000,
      });
    const streamed = c.get('streamed');
    if (streamed === undefined) report();
    else void streamed.then(report);
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
