import type { Context } from 'hono';
import type { AppEnv } from '../env.ts';

/** Returns true if the client connected over TLS, to this service or to a trusted proxy. */
export function overTls(c: Context<AppEnv>): boolean {
  const forwarded = c.get('service').settings.TRUST_PROXY !== false && c.req.header('X-Forwarded-Proto') === 'https';
  return forwarded || c.req.url.startsWith('https:');
}
