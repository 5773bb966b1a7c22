import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { decodeBase64, decodeBase64Url, encodeBase64Url } from 'hono/utils/encode';
import { z } from 'zod';
import { type User, withRightsOfBoth } from '../../jobs/roles.ts';
import { nowSec } from '../request-values.ts';
import type { AppEnv } from '../service.ts';
import { decodeGobMap } from './decode-go-gob.ts';
import { userInDatabase } from './user-in-database.ts';

/** The cookie that cc-backend sets. It is never written or deleted here. */
export const CC_BACKEND_COOKIE = 'session';
/** cc-backend makes no longer cookie. */
const MOST_CHARACTERS = 4096;

const HMAC = { name: 'HMAC', hash: 'SHA-256' };
/** Time, value and MAC, as a string of one character for each byte. */
const COOKIE = /^((\d{1,12})\|([\w-]+={0,2}))\|/;
const Content = z.object({
  username: z.string().min(1),
  roles: z.array(z.string()),
  projects: z.array(z.string()).default([]),
});

/**
 * The user of a session of cc-backend, if CC_BACKEND_SESSIONS is on. The account is looked up on each request: it must
 * exist, and the user has the rights that both the session and the account have.
 */
export async function ccBackendUser(c: Context<AppEnv>): Promise<User | undefined> {
  const user = await loggedInAtCcBackend(c);
  if (user === undefined) return undefined;
  const account = await userInDatabase(c, user.name);
  return account === undefined ? undefined : withRightsOfBoth(account, user);
}

/** The user as in the session of cc-backend. Undefined without a valid session, and if CC_BACKEND_SESSIONS is off. */
export async function loggedInAtCcBackend(c: Context<AppEnv>): Promise<User | undefined> {
  const { settings, sessionKey } = c.get('service');
  const cookie = getCookie(c, CC_BACKEND_COOKIE);
  if (!settings.CC_BACKEND_SESSIONS || sessionKey === undefined || cookie === undefined) return undefined;
  return await verifyCcBackendCookie(cookie, sessionKey, { nowSec: nowSec(c), maxAgeSec: settings.SESSION_MAX_AGE_S });
}

/**
 * The user of a cookie that cc-backend has signed with this key, at most `maxAgeSec` ago. Undefined for every other
 * text. Never throws.
 */
export async function verifyCcBackendCookie(
  cookie: string,
  keyBase64: string,
  { nowSec, maxAgeSec }: { nowSec: number; maxAgeSec: number },
): Promise<User | undefined> {
  const bytes = bytesOf(cookie);
  if (bytes === undefined) return undefined;
  const [, signed, time, value] = COOKIE.exec(String.fromCharCode(...bytes)) ?? [];
  if (signed === undefined || value === undefined) return undefined;
  const key = await crypto.subtle.importKey('raw', decodeBase64(keyBase64), HMAC, false, ['verify']);
  const mac = bytes.slice(signed.length + 1);
  const isSigned = await crypto.subtle.verify(
    'HMAC',
    key,
    mac,
    new TextEncoder().encode(`${CC_BACKEND_COOKIE}|${signed}`),
  );
  if (!isSigned) return undefined;
  const ageSec = nowSec - Number(time);
  if (ageSec < 0 || ageSec > maxAgeSec) return undefined;
  return userOf(value);
}

function userOf(value: string): User | undefined {
  const gob = bytesOf(value);
  const map = gob && decodeGobMap(gob);
  const content = map && Content.safeParse(Object.fromEntries(map)).data;
  return content && { name: content.username, roles: new Set(content.roles), projects: content.projects };
}

/** Base64url with padding, as Go writes it. Other texts that decode to the same bytes are refused. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  try {
    const bytes = decodeBase64Url(text);
    return encodeBase64Url(bytes.buffer) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
