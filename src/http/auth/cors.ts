import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../service.ts';

const METHODS = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
const HEADERS = new Set(['x-requested-with', 'content-type', 'authorization', 'origin']);

/**
 * Cross-origin rules of contract/auth.md §9: any origin, no credentials, no writes except POST, no X-Auth-Token. A
 * refused preflight gets a 200 without the headers. Hono's own middleware answers 204 and grants every origin access.
 * With AUTH=none no origin gets access, because no token protects the service from other origins.
 */
export function cors(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const origin = c.get('service').settings.AUTH === 'none' ? undefined : c.req.header('Origin');
    const wantedMethod = c.req.header('Access-Control-Request-Method');
    if (c.req.method === 'OPTIONS' && wantedMethod !== undefined) {
      return new Response(null, {
        headers: {
          Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
          ...(origin === undefined ? {} : granted(wantedMethod, c.req.header('Access-Control-Request-Headers') ?? '')),
        },
      });
    }
    await next();
    const { headers } = c.res;
    // If the app does not compress, the runtime may, as on a Worker.
    if (!/accept-encoding/i.test(headers.get('Vary') ?? '')) headers.append('Vary', 'Accept-Encoding');
    headers.append('Vary', 'Origin');
    if (origin !== undefined && METHODS.has(c.req.method)) headers.set('Access-Control-Allow-Origin', '*');
    return;
  };
}

function granted(method: string, headers: string): Record<string, string> {
  const wanted = headers
    .split(',')
    .map((header) => header.trim())
    .filter((header) => header !== '');
  if (!METHODS.has(method.toUpperCase()) || !wanted.every((header) => HEADERS.has(header.toLowerCase()))) return {};
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': method.toUpperCase(),
    ...(wanted.length === 0 ? {} : { 'Access-Control-Allow-Headers': wanted.join(', ') }),
  };
}
