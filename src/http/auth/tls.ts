import type { Context } from 'hono';
import type { AppEnv } from '../env.ts';

/** Whether the client came over TLS: to us, or to a proxy that we may believe. */
export function overTls(c: Context<AppEnv>): boolean {
  const forwarded = c.var.service.settings.TRUST_PROXY !== false && c.req.header('X-Forwarded-Proto') === 'https';
  return forwarded || c.req.url.startsWith('https:');
}
