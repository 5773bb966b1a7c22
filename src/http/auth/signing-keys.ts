import { decodeBase64, encodeBase64, encodeBase64Url } from 'hono/utils/encode';

/** The only supported algorithm (contract/auth.md §3). */
export const ED25519 = { name: 'Ed25519' };

/** WebCrypto's key. Not every runtime's types name it. */
export type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A key pair in the base64 form of the settings: 32 bytes of public key; 64 bytes of seed and public key. */
export interface KeyPair {
  publicKey: string;
  privateKey: string;
}

/** Generates a key pair. */
export async function makeKeys(): Promise<KeyPair> {
  const made = await crypto.subtle.generateKey(ED25519, true, ['sign', 'verify']);
  if (!('privateKey' in made)) throw new Error('WebCrypto made no pair of keys');
  const { d, x } = await crypto.subtle.exportKey('jwk', made.privateKey);
  const seed = bytesOf(d);
  const point = bytesOf(x);
  const both = new Uint8Array(64);
  both.set(seed);
  both.set(point, 32);
  return { publicKey: encodeBase64(point.buffer), privateKey: encodeBase64(both.buffer) };
}

function bytesOf(part: string | undefined): Uint8Array<ArrayBuffer> {
  if (part === undefined) throw new Error('WebCrypto exported an incomplete key');
  return decodeBase64(part.replaceAll('-', '+').replaceAll('_', '/'));
}

/** Imports the key that verifies tokens, from JWT_PUBLIC_KEY. */
export async function importPublicKey(base64: string): Promise<Key> {
  return await crypto.subtle.importKey('raw', decodeBase64(base64), ED25519, false, ['verify']);
}

/** Imports the key that signs tokens, from JWT_PRIVATE_KEY. Throws if its two halves do not match. */
export async function importPrivateKey(base64: string): Promise<Key> {
  const bytes = decodeBase64(base64);
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: base64Url(bytes.slice(0, 32)), x: base64Url(bytes.slice(32)) };
  return await crypto.subtle.importKey('jwk', jwk, ED25519, false, ['sign']);
}

/** Base64url without padding, as in tokens. */
export function base64Url(bytes: Uint8Array<ArrayBuffer>): string {
  return encodeBase64Url(bytes.buffer).replaceAll('=', '');
}
