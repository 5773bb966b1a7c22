import type { Context } from 'hono';
import { deleteCookie, generateSignedCookie, getSignedCookie } from 'hono/cookie';
import { z } from 'zod';
import { Fault } from '../../faults.ts';
import { type User, withRightsOfBoth } from '../../jobs/roles.ts';
import type { SettingValues } from '../../settings.ts';
import type { AppEnv } from '../service.ts';
import { ccBackendUser } from './cc-backend-session-cookie.ts';
import { derivedKey } from './derived-key.ts';
import { base64Url } from './signing-keys.ts';
import { hasSecureCookies } from './tls.ts';
import { userInDatabase } from './user-in-database.ts';

/** Browsers silently drop a longer cookie. */
const MOST_COOKIE_BYTES = 4096;

const Content = z.object({
  user: z.string().min(1),
  roles: z.array(z.string()),
  projects: z.array(z.string()),
  /** Unix seconds. */
  until: z.int(),
  /** The user was logged in by the OpenID Connect provider, where another session goes on. */
  oidc: z.boolean().default(false),
  /** The user's rights come from another system, and the user has an account here too. */
  hasAccount: z.boolean().default(false),
});

export type SessionOrigin = Partial<Pick<z.output<typeof Content>, 'oidc' | 'hasAccount'>>;

/**
 * Logs a user in. The cookie holds the user's name and rights, signed with HMAC-SHA256 and not encrypted. The service
 * keeps no session data: the rights stay as they are at login until the session ends (contract/auth.md §7), unless
 * JWT_VALIDATE_USER is on. Throws `unauthorized` if sessions are off, or if the rights of the account do not fit into a
 * cookie.
 */
export async function startSession(c: Context<AppEnv>, user: User, origin: SessionOrigin = {}): Promise<void> {
  const { settings, sessionKey, clock } = c.get('service');
  if (sessionKey === undefined) throw new Fault('unauthorized', 'login is disabled: SESSION_KEY is not set');
  const maxAge = settings.SESSION_MAX_AGE_S;
  const content: z.input<typeof Content> = {
    user: user.name,
    roles: [...user.roles],
    projects: [...user.projects],
    until: Math.floor(clock()) + maxAge,
    ...origin,
  };
  const value = base64Url(new TextEncoder().encode(JSON.stringify(content)));
  const options = { path: '/', httpOnly: true, sameSite: 'Lax', secure: hasSecureCookies(c), maxAge } as const;
  const cookie = await generateSignedCookie(nameFor(settings), value, await keyFor(settings, sessionKey), options);
  if (cookie.length > MOST_COOKIE_BYTES) {
    throw new Fault('unauthorized', 'this account has too many projects for a session');
  }
  c.header('Set-Cookie', cookie, { append: true });
}

/** The logged-in user, of our own session or of one of cc-backend. Undefined without a valid session. */
export async function sessionUser(c: Context<AppEnv>): Promise<User | undefined> {
  return (await ownSessionUser(c)) ?? (await ccBackendUser(c));
}

/**
 * The user of our own session. Undefined without one. With JWT_VALIDATE_USER the account is looked up on each request, as
 * for tokens: the session ends with the account and has its current rights. So is the account of a user of another
 * system: the user has the rights that both the session and the account have.
 */
async function ownSessionUser(c: Context<AppEnv>): Promise<User | undefined> {
  const content = await ownSession(c);
  if (content === undefined) return undefined;
  const { user: name, roles, projects, hasAccount } = content;
  const user = { name, roles: new Set(roles), projects };
  const validates = c.get('service').settings.JWT_VALIDATE_USER;
  if (!validates && !hasAccount) return user;
  const account = await userInDatabase(c, name);
  return validates || account === undefined ? account : withRightsOfBoth(account, user);
}

/** Undefined without a session, and if it has expired or its signature is invalid. */
async function ownSession(c: Context<AppEnv>): Promise<z.output<typeof Content> | undefined> {
  const { sessionKey, clock, settings } = c.get('service');
  if (sessionKey === undefined) return undefined;
  const value = await getSignedCookie(c, await keyFor(settings, sessionKey), nameFor(settings));
  if (typeof value !== 'string') return undefined;
  const content = decoded(value);
  return content === undefined || content.until <= clock() ? undefined : content;
}

/** Returns true if the user was logged in by the OpenID Connect provider. */
export async function isFromProvider(c: Context<AppEnv>): Promise<boolean> {
  return (await ownSession(c))?.oidc === true;
}

/** Ends our own session. */
export function endSession(c: Context<AppEnv>): void {
  const name = nameFor(c.get('service').settings);
  deleteCookie(c, name, { path: '/', httpOnly: true, sameSite: 'Lax', secure: hasSecureCookies(c) });
}

/** With CC_BACKEND_SESSIONS, the cookie `session` belongs to cc-backend. */
function nameFor({ CC_BACKEND_SESSIONS }: SettingValues): string {
  return CC_BACKEND_SESSIONS ? 'ccjobs_session' : 'session';
}

/**
 * With CC_BACKEND_SESSIONS, cc-backend signs with SESSION_KEY itself. A key of our own keeps what one program signs
 * from being valid in the other.
 */
async function keyFor({ CC_BACKEND_SESSIONS }: SettingValues, sessionKey: string): Promise<string | ArrayBuffer> {
  if (!CC_BACKEND_SESSIONS) return sessionKey;
  return await derivedKey(sessionKey, 'cc-jobs session cookie v1');
}

/** The value has a valid signature, but an older version with the same key may have written it. */
function decoded(value: string): z.output<typeof Content> | undefined {
  try {
    const bytes = Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return Content.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
