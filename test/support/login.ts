import { base64Url, ED25519, importPrivateKey } from '../../src/http/auth/signing-keys.ts';
import type { TestApp } from './test-app.ts';

/** The key of login tokens: the CROSS_LOGIN_JWT_HS512_KEY of tests that set one. */
export const LOGIN_KEY = btoa('0123456789abcdef0123456789abcdef');

/** A login token as another site creates it. */
export async function loginToken(payload: object, { alg = 'HS512', key = LOGIN_KEY } = {}): Promise<string> {
  const part = (value: object) => base64Url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg, typ: 'JWT' })}.${part(payload)}`;
  const algorithm = { name: 'HMAC', hash: alg === 'HS256' ? 'SHA-256' : 'SHA-512' };
  const bytes = Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
  const imported = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

/** A token signed with this private key, as another site puts it into a cookie. */
export async function signedToken(payload: object, privateKey: string, header: object = {}): Promise<string> {
  const part = (value: object) => base64Url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg: 'EdDSA', typ: 'JWT', ...header })}.${part(payload)}`;
  const key = await importPrivateKey(privateKey);
  const signature = await crypto.subtle.sign(ED25519, key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

/** Submits the form of the login page. */
export function sendLogin({ app }: TestApp, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return app.request('/login', { method: 'POST', body: new URLSearchParams(fields).toString(), headers });
}

/** The session cookie of a response, for the next request. Empty without one. */
export function cookieOf(answer: Response): string {
  return /^session=[^;]*/.exec(answer.headers.get('Set-Cookie') ?? '')?.[0] ?? '';
}
