import { base64Url } from '../../src/http/auth/signing-keys.ts';
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

/** Submits the form of the login page. */
export function sendLogin({ app }: TestApp, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return app.request('/login', { method: 'POST', body: new URLSearchParams(fields).toString(), headers });
}

/** The session cookie of a response, for the next request. Empty without one. */
export function cookieOf(answer: Response): string {
  return /^session=[^;]*/.exec(answer.headers.get('Set-Cookie') ?? '')?.[0] ?? '';
}
