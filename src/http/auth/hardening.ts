import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../env.ts';
import { overTls } from './tls.ts';

/** Of every answer (contract/auth.md §9). */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Content-Security-Policy': "frame-ancestors 'none'; object-src 'none'; base-uri 'self'",
};

/** Of answers that the app has no part in: to broken requests, and to those that come before it is ready. */
export const BARE_HEADERS: Readonly<Record<string, string>> = { Vary: 'Accept-Encoding, Origin', ...HEADERS };

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
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    if (overTls(c)) headers.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
    if (headers.get('Content-Type')?.startsWith('text/html')) headers.set('Content-Security-Policy', PAGE_POLICY);
  };
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** What tells nothing about anybody, and may be asked for from anywhere: whether the service lives, and what its pages load. */
const OPEN_TO_ALL = /^\/(?:healthz$|assets\/)/;

/**
 * Refuses what a foreign web page makes a browser send: with AUTH=none everything, since there reaching the port is the credential and
 * a browser reaches it; else what writes (contract/auth.md §9). Hono's own looks at forms only, and at Origin as well.
 */
export function refuseCrossSite(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const isOpen = c.var.service.settings.AUTH === 'none';
    const isRefused = isOpen
      ? !OPEN_TO_ALL.test(c.req.path) && isForeign(c)
      : !SAFE_METHODS.has(c.req.method) && c.req.header('Sec-Fetch-Site') === 'cross-site';
    if (isRefused) throw new Fault('forbidden', 'cross-site request');
    await next();
  };
}

/**
 * For writes that a session opens: from our own pages alone. The session's cookie goes with requests of other names of the same site
 * too.
 */
export function sameOrigin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (isForeign(c)) throw new Fault('forbidden', 'cross-site request');
    await next();
  };
}

/**
 * Whether a browser sends this for a page that is not ours. It says from where it asks, or at least the origin of the page; programs say
 * neither. Where it says `same-origin` it has compared the schemes itself, which we cannot next to a proxy that ends TLS unknown to us.
 */
function isForeign(c: Context<AppEnv>): boolean {
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = c.req.header('Origin');
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const ours = new URL(c.req.url);
  if (overTls(c)) ours.protocol = 'https:';
  const theirs = new URL(origin);
  return theirs.host !== ours.host || (site !== 'same-origin' && theirs.protocol !== ours.protocol);
}
