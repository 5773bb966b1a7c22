import type { Context } from 'hono';
import type { AppEnv } from '../service.ts';

/** Returns true if the client connected over TLS, to this service or to a trusted proxy. */
export function overTls(c: Context<AppEnv>): boolean {
  const forwarded = c.get('service').settings.TRUST_PROXY !== false && c.req.header('X-Forwarded-Proto') === 'https';
  return forwarded || c.req.url.startsWith('https:');
}

/**
 * Returns true if browsers reach the service over TLS, so that they must not send its cookies without. PUBLIC_URL says so
 * also behind a proxy that is not trusted.
 */
export function hasSecureCookies(c: Context<AppEnv>): boolean {
  const { PUBLIC_URL = '' } = c.get('service').settings;
  return overTls(c) || PUBLIC_URL.startsWith('https:');
}
