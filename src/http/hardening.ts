import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { Fault } from '../faults.ts';
import type { AppEnv } from './env.ts';
import { overTls } from './tls.ts';

/** Exactly the headers of contract/auth.md §9: the others that Hono knows are off. */
const HEADERS = {
  xContentTypeOptions: 'nosniff',
  xFrameOptions: 'DENY',
  referrerPolicy: 'same-origin',
  contentSecurityPolicy: { frameAncestors: ["'none'"], objectSrc: ["'none'"], baseUri: ["'self'"] },
  crossOriginResourcePolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** Of every page: what it loads, asks and sends goes to us alone, and no script or style stands in it. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "base-uri 'self'",
].join('; ');

/** Security headers on every answer, on pages a stricter policy; HSTS only where the client came over TLS. */
export function hardening(): MiddlewareHandler<AppEnv> {
  const plain = secureHeaders({ ...HEADERS, strictTransportSecurity: false });
  const tls = secureHeaders({ ...HEADERS, strictTransportSecurity: 'max-age=31536000; includeSubDomains' });
  return async (c, next) => {
    await (overTls(c) ? tls : plain)(c, next);
    if (c.res.headers.get('Content-Type')?.startsWith('text/html')) {
      c.res.headers.set('Content-Security-Policy', PAGE_POLICY);
    }
  };
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Refuses what a foreign web page makes a browser send. Hono's own looks at forms only, and at Origin as well. */
export function refuseCrossSite(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (!SAFE_METHODS.has(c.req.method) && c.req.header('Sec-Fetch-Site') === 'cross-site') {
      throw new Fault('forbidden', 'cross-site request');
    }
    await next();
  };
}

/**
 * For writes that a session opens: from our own pages alone. A browser says from where it asks, or at least the origin of the page; the
 * session's cookie goes with requests of other names of the same site too.
 */
export function sameOrigin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const site = c.req.header('Sec-Fetch-Site') ?? 'same-origin';
    const origin = c.req.header('Origin');
    const isOurs = origin === undefined || (URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host);
    if (!isOurs || (site !== 'same-origin' && site !== 'none')) throw new Fault('forbidden', 'cross-site request');
    await next();
  };
}
