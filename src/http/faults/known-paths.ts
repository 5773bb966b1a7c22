import type { Hono, MiddlewareHandler } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../service.ts';
import { faultResponse } from './fault-responses.ts';

/**
 * Answers 404 for an unknown path, and 405 with Allow for a method that the path does not support. The contract
 * requires this before authentication. Paths match exactly, including slashes.
 */
export function knownPaths(app: Hono<AppEnv>): MiddlewareHandler<AppEnv> {
  let router: TrieRouter<string> | undefined; // created on the first request, when all routes are mounted
  return async (c, next) => {
    router ??= methodsOf(app);
    const methods = new Set(router.match('ALL', c.req.path)[0].map(([method]) => method));
    if (methods.has(c.req.method)) return await next();
    if (methods.size === 0) {
      const fault = new Fault('not_found', 'the requested endpoint does not exist');
      c.set('fault', fault);
      return faultResponse(fault, { phrase: 'Resource not found' });
    }
    const allow = [...methods].sort().join(', ');
    throw new Fault('method_not_allowed', `allowed methods: ${allow}`, { headers: { Allow: allow } });
  };
}

function methodsOf(app: Hono<AppEnv>): TrieRouter<string> {
  const router = new TrieRouter<string>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue; // middleware
    router.add('ALL', path, method);
    if (method === 'GET') router.add('ALL', path, 'HEAD');
  }
  return router;
}
