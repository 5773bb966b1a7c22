import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../env.ts';
import { overTls } from './tls.ts';

/** Headers of every response (contract/auth.md §9). */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Content-Security-Policy': "frame-ancestors 'none'; object-src 'none'; base-uri 'self'",
};

/** For responses without a header of this name. */
const UNLESS_SET = { 'Cache-Control': 'no-store' };

/** Headers of responses sent without the app: to malformed requests, and to requests before the app is ready. */
export const BARE_HEADERS: Readonly<Record<string, string>> = {
  Vary: 'Accept-Encoding, Origin',
  ...UNLESS_SET,
  ...HEADERS,
};

/** Pages connect and submit to this service only, and load from it only what their policy names. */
const EVERY_PAGE = [
  "default-src 'none'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "base-uri 'self'",
];

/** The policy of our pages. Inline scripts and styles are blocked. */
const PAGE_POLICY = [...EVERY_PAGE, "script-src 'self'", "style-src 'self'", "img-src 'self'"].join('; ');

/**
 * The policy of a page of cc-backend's front end, which has inline styles and one inline script, with this nonce. Such a
 * page sets its policy itself.
 */
export function frontendPolicy(nonce: string): string {
  return [
    ...EVERY_PAGE,
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
  ].join('; ');
}

/**
 * Sets security headers on every response, and HSTS only if the client uses TLS. Pages get a stricter policy, unless they
 * have one already. What a response does not let caches keep, they must not: it is for its caller. Caches in front of the
 * service know neither the session nor the token, and some keep every path that ends in `.csv`.
 */
export function hardening(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    const policy = headers.get('Content-Security-Policy') ?? PAGE_POLICY;
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    for (const [name, value] of Object.entries(UNLESS_SET)) if (!headers.has(name)) headers.set(name, value);
    if (overTls(c)) headers.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
    if (headers.get('Content-Type')?.startsWith('text/html')) headers.set('Content-Security-Policy', policy);
  };
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Paths that any site may request, because they reveal no data: the health check and the assets of the pages. */
const OPEN_TO_ALL = /^\/(?:healthz$|assets\/)/;

/**
 * Rejects cross-site browser requests: writes, or with AUTH=none all requests, because there access to the port is the
 * only credential and a browser has it (contract/auth.md §9). Hono's own check covers only forms, and also compares
 * Origin.
 */
export function refuseCrossSite(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const isOpen = c.get('service').settings.AUTH === 'none';
    const isRefused = isOpen
      ? !OPEN_TO_ALL.test(c.req.path) && isForeign(c)
      : !SAFE_METHODS.has(c.req.method) && c.req.header('Sec-Fetch-Site') === 'cross-site';
    if (isRefused) throw new Fault('forbidden', 'cross-site request');
    await next();
  };
}

/**
 * For writes authorized by a session: only our own pages may send them. The session cookie is also sent with requests
 * from other hosts of the same site.
 */
export function sameOrigin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    refuseForeign(c);
    await next();
  };
}

/** Throws `forbidden` if a browser sends this request for a page of another origin. */
export function refuseForeign(c: Context<AppEnv>): void {
  if (isForeign(c)) throw new Fault('forbidden', 'cross-site request');
}

/**
 * Returns true if a browser sends this request for a page of another origin. A browser sends Sec-Fetch-Site, or at
 * least Origin; other programs send neither. If the browser reports `same-origin`, it has compared the schemes. The
 * service cannot compare them if an unknown proxy ends TLS.
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
