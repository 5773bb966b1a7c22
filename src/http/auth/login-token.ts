import { decodeBase64, decodeBase64Url } from 'hono/utils/encode';
import { z } from 'zod';
import { Fault } from '../../faults.ts';
import type { ExternalUser } from './external-account.ts';
import { LoginClaims } from './login-claims.ts';
import { base64Url } from './signing-keys.ts';

const HASHES = { HS256: 'SHA-256', HS512: 'SHA-512' } as const;
const Header = z.object({ alg: z.enum(['HS256', 'HS512']), crit: z.undefined().optional() });
const Payload = LoginClaims.extend({ exp: z.number().optional(), nbf: z.number().optional() });

/**
 * The user of a login token, which another site with CROSS_LOGIN_JWT_HS512_KEY has signed with HS256 or HS512. Throws
 * `unauthorized` with the reason.
 */
export async function verifyLoginToken(token: string, keyBase64: string, nowSec: number): Promise<ExternalUser> {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0) throw malformed();
  const { alg } = decoded(header, Header);
  const algorithm = { name: 'HMAC', hash: HASHES[alg] };
  const key = await crypto.subtle.importKey('raw', decodeBase64(keyBase64), algorithm, false, ['verify']);
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify('HMAC', key, bytesOf(signature), signed))) {
    throw new Fault('unauthorized', 'login token signature is invalid');
  }
  const { sub, name, roles, projects, exp, nbf } = decoded(payload, Payload);
  if (exp !== undefined && nowSec >= exp) throw new Fault('unauthorized', 'login token is expired');
  if (nbf !== undefined && nowSec < nbf) throw new Fault('unauthorized', 'login token is not valid yet');
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
  const part = (value: object) => base64Url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ sub: user, roles, exp: until })}`;
  const algorithm = { name: 'HMAC', hash: HASHES.HS512 };
  const key = await crypto.subtle.importKey('raw', decodeBase64(keyBase64), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

function decoded<Schema extends z.ZodType>(part: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(part))));
  } catch {
    throw malformed();
  }
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw malformed();
  try {
    return decodeBase64Url(part);
  } catch {
    throw malformed();
  }
}

/** The fault has no cause, because the cause may contain decoded text. */
function malformed(): Fault {
  return new Fault('unauthorized', 'login token is malformed');
}
