import { z } from 'zod';
import { Fault } from '../../faults.ts';
import type { SettingValues } from '../../settings.ts';
import { LoginClaims } from './claims-of-login-token.ts';
import type { ExternalUser } from './external-account.ts';
import { importPublicKey } from './signing-keys.ts';
import { payloadOf, verifyToken } from './token.ts';

const Issued = z.object({ iss: z.unknown().optional() });

/**
 * The user of a token that another site has put into the cookie JWT_COOKIE_NAME: signed with the key of that site if it
 * names JWT_TRUSTED_ISSUER, and with our own if it names no issuer (contract/auth.md §7). Throws `unauthorized` with the
 * reason.
 */
export async function verifyCookieToken(
  token: string,
  settings: Pick<SettingValues, 'JWT_TRUSTED_ISSUER' | 'CROSS_LOGIN_JWT_PUBLIC_KEY' | 'JWT_PUBLIC_KEY'>,
  nowSec: number,
): Promise<ExternalUser> {
  const { iss } = payloadOf(token, Issued); // not verified yet: it only selects the key
  const isForeign = iss !== undefined;
  if (isForeign && iss !== settings.JWT_TRUSTED_ISSUER) throw new Fault('unauthorized', 'token has another issuer');
  const key = isForeign ? settings.CROSS_LOGIN_JWT_PUBLIC_KEY : settings.JWT_PUBLIC_KEY;
  if (key === undefined) throw new Fault('unauthorized', 'there is no key for this token');
  await verifyToken(token, await importPublicKey(key), nowSec);
  const { sub, name, roles, projects } = payloadOf(token, LoginClaims);
  return { username: sub, name, email: undefined, roles, projects };
}
