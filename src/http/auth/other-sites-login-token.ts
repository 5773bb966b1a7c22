import { decodeBase64 } from 'hono/utils/encode';
import { z } from 'zod';
import { LoginClaims } from './claims-of-login-token.ts';
import type { ExternalUser } from './external-account.ts';
import { base64Url } from './signing-keys.ts';
import { checkSignature, checkTimes, decoded, encoded, partsOf, Times } from './token.ts';

const HASHES = { HS256: 'SHA-256', HS512: 'SHA-512' } as const;
const Header = z.object({ alg: z.enum(['HS256', 'HS512']), crit: z.undefined().optional() });
const Payload = LoginClaims.extend(Times.shape);
const WORD = 'login token';

/**
 * The user of a login token, which another site with CROSS_LOGIN_JWT_HS512_KEY has signed with HS256 or HS512. Throws
 * `unauthorized` with the reason.
 */
export async function verifyLoginToken(token: string, keyBase64: string, nowSec: number): Promise<ExternalUser> {
  const parts = partsOf(token, WORD);
  const { alg } = decoded(parts.header, Header, WORD);
  const algorithm = { name: 'HMAC', hash: HASHES[alg] };
  const key = await crypto.subtle.importKey('raw', decodeBase64(keyBase64), algorithm, false, ['verify']);
  await checkSignature(parts, algorithm, key, WORD);
  const { sub, name, roles, projects, ...times } = decoded(parts.payload, Payload, WORD);
  checkTimes(times, nowSec, WORD);
  return { username: sub, name, email: undefined, roles, projects };
}

export interface LoginTokenOptions {
  user: string;
  roles: readonly string[];
  /** Expiry time in Unix seconds. */
  until: number;
}

/** Creates a login token with this key, as another site would. */
export async function makeLoginToken(keyBase64: string, { user, roles, until }: LoginTokenOptions): Promise<string> {
  const signed = `${encoded({ alg: 'HS512', typ: 'JWT' })}.${encoded({ sub: user, roles, exp: until })}`;
  const algorithm = { name: 'HMAC', hash: HASHES.HS512 };
  const key = await crypto.subtle.importKey('raw', decodeBase64(keyBase64), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}
