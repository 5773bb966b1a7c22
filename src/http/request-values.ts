import type { Context } from 'hono';
import type { AppEnv } from './service.ts';

/** Returns the query string of a request, decoded, in the order sent. */
export function queryOf(c: Context<AppEnv>): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

/** Returns now in whole Unix seconds. */
export function nowSec(c: Context<AppEnv>): number {
  return Math.floor(c.get('service').clock());
}
