import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../service.ts';
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
export function securityHeaders(): MiddlewareHandler<AppEnv> {
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
