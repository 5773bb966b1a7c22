import { decodeBase64Url } from 'hono/utils/encode';
import { z } from 'zod';
import { Fault } from '../../faults.ts';
import { base64Url, ED25519, importPrivateKey, type Key } from './signing-keys.ts';

/** The claims of a token after its signature and times were checked (contract/auth.md §3). */
export interface Claims {
  user: string;
  roles: readonly string[];
}

const Header = z.object({ alg: z.string(), crit: z.undefined().optional() });
/** The validity period of a token in Unix seconds. */
export const Times = z.object({ exp: z.number().optional(), nbf: z.number().optional() });
const Payload = Times.extend({ sub: z.string().min(1), roles: z.array(z.unknown()).catch([]) });

/** The word for a token in messages. */
type TokenWord = 'token' | 'login token';

const PART = /^[A-Za-z0-9_-]+$/;
const DAY_SEC = 86_400;

/** The claims of a token that is valid at `nowSec`. Throws `unauthorized` with the reason. */
export async function verifyToken(token: string, key: Key, nowSec: number): Promise<Claims> {
  const signed = await verifySignature(token, key);
  checkTimes(signed, nowSec);
  return { user: signed.user, roles: signed.roles };
}

/** Claims with a verified signature, and their validity period. */
export interface SignedClaims extends Claims, z.output<typeof Times> {}

/** Throws `unauthorized` if a token is not valid at `nowSec`. */
export function checkTimes({ exp, nbf }: z.output<typeof Times>, nowSec: number, word: TokenWord = 'token'): void {
  if (exp !== undefined && nowSec >= exp) throw new Fault('unauthorized', `${word} is expired`);
  if (nbf !== undefined && nowSec < nbf) throw new Fault('unauthorized', `${word} is not valid yet`);
}

/**
 * The claims of a token signed with this key, at any time. Throws `unauthorized` with the reason. Hono's own function
 * is not used: it checks `iat` and `typ`, which the contract does not, and reads the system clock.
 */
export async function verifySignature(token: string, key: Key): Promise<SignedClaims> {
  const parts = partsOf(token);
  if (decoded(parts.header, Header).alg !== 'EdDSA') {
    throw new Fault('unauthorized', 'token is not signed with EdDSA (Ed25519)');
  }
  await checkSignature(parts, ED25519, key);
  const { sub, roles, exp, nbf } = decoded(parts.payload, Payload);
  return { user: sub, roles: roles.filter((role) => typeof role === 'string'), exp, nbf };
}

/** The encoded parts of a token. */
interface Parts {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/** The parts of a token, none of which is empty. Throws `unauthorized`. */
export function partsOf(token: string, word: TokenWord = 'token'): Parts {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || ![header, payload, signature].every((part) => PART.test(part))) throw malformed(word);
  return { header, payload, signature };
}

/** Throws `unauthorized` if the signature is not that of header and payload. */
export async function checkSignature(
  { header, payload, signature }: Parts,
  algorithm: { name: string },
  key: Key,
  word: TokenWord = 'token',
): Promise<void> {
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify(algorithm, key, bytesOf(signature, word), signed))) {
    throw new Fault('unauthorized', `${word} signature is invalid`);
  }
}

/** The payload of a token, whose signature is not checked here. Throws `unauthorized`. */
export function payloadOf<Schema extends z.ZodType>(token: string, schema: Schema): z.output<Schema> {
  const [, payload = ''] = token.split('.');
  return decoded(payload, schema);
}

export interface TokenOptions extends Claims {
  /** Days until the token expires. Without it, the token never expires. */
  days?: number | undefined;
}

/** Creates a token signed with JWT_PRIVATE_KEY. */
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

/** A part of a token. */
export function encoded(value: object): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(value)));
}

/** The values in a part of a token. Throws `unauthorized`. */
export function decoded<Schema extends z.ZodType>(
  part: string,
  schema: Schema,
  word: TokenWord = 'token',
): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(part, word))));
  } catch {
    throw malformed(word);
  }
}

function bytesOf(part: string, word: TokenWord): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64Url(part);
  } catch {
    throw malformed(word);
  }
}

/** The fault has no cause, because the cause may contain decoded text. */
function malformed(word: TokenWord): Fault {
  return new Fault('unauthorized', `${word} is malformed`);
}
