import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { decodeBase64Url } from 'hono/utils/encode';
import { z } from 'zod';
import { nowSec } from '../../request-values.ts';
import type { AppEnv } from '../../service.ts';
import { derivedKey } from '../derived-key.ts';
import { base64Url } from '../signing-keys.ts';
import { hasSecureCookies } from '../tls.ts';

/** The time that a user has at the provider. The text of `login-not-started` names it. */
const LOGIN_SEC = 600;
const NAME = 'ccjobs_oidc';
/** The only path to which a browser sends the cookie. */
const PATH = '/oidc-callback';
const PURPOSE = 'cc-jobs OpenID Connect login v1';
/** Browsers drop a longer cookie. */
const MOST_CHARACTERS = 3_800;
const IV_BYTES = 12;

const Content = z.object({
  state: z.string(),
  nonce: z.string(),
  /** The secret of PKCE, whose hash the provider has. */
  verifier: z.string(),
  /** The address to open after the login, within the site. */
  redirect: z.string(),
  /** Unix seconds. */
  until: z.int(),
});

/** A login that was started in a browser. */
export type StartedLogin = Omit<z.output<typeof Content>, 'until'>;

/**
 * Keeps a started login in the browser that started it, encrypted, so that no other browser can complete it. An address
 * that is too long for a cookie is replaced by `/`.
 */
export async function keepLogin(c: Context<AppEnv>, login: StartedLogin, sessionKey: string): Promise<void> {
  const content = { ...login, until: nowSec(c) + LOGIN_SEC };
  const whole = await sealed(content, sessionKey);
  const value = whole.length <= MOST_CHARACTERS ? whole : await sealed({ ...content, redirect: '/' }, sessionKey);
  setCookie(c, NAME, value, { ...optionsOf(c), maxAge: LOGIN_SEC });
}

/** The login that was started in this browser, which then forgets it. Undefined without one, or if it is too old. */
export async function takeLogin(c: Context<AppEnv>, sessionKey: string): Promise<StartedLogin | undefined> {
  const value = getCookie(c, NAME);
  deleteCookie(c, NAME, optionsOf(c));
  const content = value === undefined ? undefined : await opened(value, sessionKey);
  return content !== undefined && nowSec(c) < content.until ? content : undefined;
}

/** SameSite=Lax, because the provider's page leads to the callback. */
function optionsOf(c: Context<AppEnv>) {
  return { path: PATH, httpOnly: true, sameSite: 'Lax', secure: hasSecureCookies(c) } as const;
}

async function sealed(content: z.input<typeof Content>, sessionKey: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(content));
  const secret = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyFrom(sessionKey, 'encrypt'), plain);
  const both = new Uint8Array(IV_BYTES + secret.byteLength);
  both.set(iv);
  both.set(new Uint8Array(secret), IV_BYTES);
  return base64Url(both);
}

/** AES-GCM also detects every change. */
async function opened(value: string, sessionKey: string): Promise<z.output<typeof Content> | undefined> {
  try {
    const bytes = decodeBase64Url(value);
    const algorithm = { name: 'AES-GCM', iv: bytes.slice(0, IV_BYTES) };
    const key = await keyFrom(sessionKey, 'decrypt');
    const plain = await crypto.subtle.decrypt(algorithm, key, bytes.slice(IV_BYTES));
    return Content.safeParse(JSON.parse(new TextDecoder().decode(plain))).data;
  } catch {
    return undefined;
  }
}

async function keyFrom(sessionKey: string, use: 'encrypt' | 'decrypt') {
  return await crypto.subtle.importKey('raw', await derivedKey(sessionKey, PURPOSE), 'AES-GCM', false, [use]);
}
