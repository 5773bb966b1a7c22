import { decodeBase64 } from 'hono/utils/encode';

/**
 * 32 bytes for one purpose, derived from SESSION_KEY. What is signed or encrypted for one purpose is not valid for
 * another.
 */
export async function derivedKey(sessionKey: string, purpose: string): Promise<ArrayBuffer> {
  const secret = await crypto.subtle.importKey('raw', decodeBase64(sessionKey), 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode(purpose);
  return await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, secret, 256);
}
