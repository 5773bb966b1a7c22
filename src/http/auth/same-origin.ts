import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../service.ts';
import { overTls } from './tls.ts';

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
