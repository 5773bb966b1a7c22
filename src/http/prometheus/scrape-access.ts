import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import type { SettingValues } from '../../settings.ts';
import { callerAddress } from '../auth/client-address.ts';
import type { AppEnv } from '../service.ts';

type Access = Pick<SettingValues, 'METRICS_TOKEN' | 'METRICS_ADDRESSES'>;

/** True if somebody may read the figures. Otherwise the service keeps none. */
export function hasScrapers({ METRICS_TOKEN, METRICS_ADDRESSES }: Access): boolean {
  return METRICS_TOKEN !== undefined || METRICS_ADDRESSES !== undefined;
}

/**
 * Throws `unauthorized` unless the request has the token of METRICS_TOKEN as a bearer token, or comes from an address of
 * METRICS_ADDRESSES.
 */
export async function requireScraper(c: Context<AppEnv>): Promise<void> {
  const { METRICS_TOKEN, METRICS_ADDRESSES } = c.get('service').settings;
  if (METRICS_ADDRESSES?.includes(callerAddress(c))) return;
  const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ', 2);
  const hasToken = METRICS_TOKEN !== undefined && scheme?.toLowerCase() === 'bearer' && token !== undefined;
  if (hasToken && (await isSame(token, METRICS_TOKEN))) return;
  throw new Fault(
    'unauthorized',
    'the metrics require the token of METRICS_TOKEN, or an address of METRICS_ADDRESSES',
    {
      headers: { 'WWW-Authenticate': 'Bearer' },
    },
  );
}

/** Compares digests, so that the time does not depend on the length of the part that is equal. */
async function isSame(one: string, other: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const [a, b] = [await digest(one), await digest(other)];
  return a.every((byte, at) => byte === b[at]);
}
