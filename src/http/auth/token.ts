import { decodeBase64Url } from 'hono/utils/encode';
import { z } from 'zod';
import { Fault } from '../../faults.ts';
import { base64Url, ED25519, importPrivateKey, type Key } from './signing-keys.ts';

/** What a token says, after its signature and its times were checked (contract/auth.md §3). */
export interface Claims {
  user: string;
  roles: readonly string[];
}

const Header = z.object({ alg: z.string(), crit: z.undefined().optional() });
const Payload = z.object({
  sub: z.string().min(1),
  roles: z.array(z.unknown()).catch([]),
  exp: z.number().optional(),
  nbf: z.number().optional(),
});

const PART = /^[A-Za-z0-9_-]+$/;
const DAY_SEC = 86_400;

/** The claims of a token that holds at `nowSec`. Throws `unauthorized` with the reason. */
export async function verifyToken(token: string, key: Key, nowSec: number): Promise<Claims> {
  const signed = await verifySignature(token, key);
  checkTimes(signed, nowSec);
  return { user: signed.user, roles: signed.roles };
}

/** Claims whose signature was checked, and the times between which they hold, Unix seconds. */
export interface SignedClaims extends Claims {
  readonly exp: number | undefined;
  readonly nbf: number | undefined;
}

/** Throws `unauthorized` for claims that do not hold at `nowSec`. */
export function checkTimes({ exp, nbf }: SignedClaims, nowSec: number): void {
  if (exp !== undefined && nowSec >= exp) throw new Fault('unauthorized', 'token is expired');
  if (nbf !== undefined && nowSec < nbf) throw new Fault('unauthorized', 'token is not valid yet');
}

/**
 * What a token of this key says, at whatever time. Throws `unauthorized` with the reason. Written here because Hono's own
 * checks `iat` and `typ`, which the contract does not, and takes the time from the system's clock.
 */
export async function verifySignature(token: string, key: Key): Promise<SignedClaims> {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || ![header, payload, signature].every((part) => PART.test(part))) {
    throw new Fault('unauthorized', 'token is malformed');
  }
  if (decoded(header, Header).alg !== 'EdDSA') {
    throw new Fault('unauthorized', 'token is not signed with EdDSA (Ed25519)');
  }
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify(ED25519, key, bytesOf(signature), signed))) {
    throw new Fault('unauthorized', 'token signature is invalid');
  }
  const { sub, roles, exp, nbf } = decoded(payload, Payload);
  return { user: sub, roles: roles.filter((role) => typeof role === 'string'), exp, nbf };
}

export interface TokenOptions extends Claims {
  /** Days until it expires; without it, never. */
  days?: number | undefined;
}

/** A token signed with JWT_PRIVATE_KEY. */
export async function makeToken(
  privateKey: string,
  { user, roles, days }: TokenOptions,
  nowSec = Math.floor(Date.now() / 1000),
): Promise<string> {
  const exp = days === undefined ? {} : { exp: nowSec + days * DAY_SEC };
  const signed = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded({ sub: user, roles, iat: nowSec, ...exp })}`;
  const key = await importPrivateKey(privateKey);
  const signature = await crypto.subtle.sign(ED25519, key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

function encoded(value: object): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(value)));
}

function decoded<Schema extends z.ZodType>(part: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(part))));
  } catch {
    throw new Fault('unauthorized', 'token is malformed'); // without the cause, which may hold what was decoded
  }
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64Url(part);
  } catch {
    throw new Fault('unauthorized', 'token is malformed'); // without the cause, which may hold what was decoded
  }
}
