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
    const methods = methodsFor(router, c.req.path);
    if (methods.has(c.req.method)) return await next();
    if (methods.size === 0) {
      const other = c.req.path.endsWith('/') ? c.req.path.slice(0, -1) : `${c.req.path}/`;
      const isKnown = other.length <= LONGEST_SHOWN && methodsFor(router, other).has(c.req.method);
      const hint = isKnown ? `; did you mean ${other} ?` : '';
      const fault = new Fault('not_found', `the requested endpoint does not exist${hint}`);
      c.set('fault', fault);
      return faultResponse(fault, { phrase: 'Resource not found' });
    }
    const allow = [...methods].sort().join(', ');
    throw new Fault('method_not_allowed', `allowed methods: ${allow}`, { headers: { Allow: allow } });
  };
}

/** The length of a path that a message may repeat. */
const LONGEST_SHOWN = 200;

function methodsFor(router: TrieRouter<string>, path: string): Set<string> {
  return new Set(router.match('ALL', path)[0].map(([method]) => method));
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
