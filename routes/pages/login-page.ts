import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import { Fault } from '../../src/faults.ts';
import { loggedInAtCcBackend } from '../../src/http/auth/cc-backend-session-cookie.ts';
import { admitExternal, type ExternalUser, storableUser } from '../../src/http/auth/external-account.ts';
import { faultOfLogin, LoginFailure } from '../../src/http/auth/external-login-failures.ts';
import { verifyCookieToken } from '../../src/http/auth/other-sites-cookie-token.ts';
import { verifyLoginToken } from '../../src/http/auth/other-sites-login-token.ts';
import type { LoggedIn, PasswordLogins } from '../../src/http/auth/password-login.ts';
import { addressWithin } from '../../src/http/auth/redirect-target.ts';
import { endSession, isFromProvider, startSession } from '../../src/http/auth/session-cookie.ts';
import { formBody } from '../../src/http/query/form-body.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { failedLogin, loggedOutPage, loginPage, type OtherSession } from '../../src/pages/login/content.ts';

const TOKENS_ONLY = 'This address accepts only login tokens. Please log in here.';

/** The fields of the form: user name, password, and the address to open next, which may contain a long filter. */
export const LOGIN_FORM = formBody({ bytes: 16 * 1024, fields: 16 });

interface Attempt {
  username: string;
  password: string;
  redirect: string;
  loginToken: string | undefined;
}

/**
 * The addresses for logging in and out (contract/auth.md §7): /login by GET or POST, /jwt-login by GET or POST, /logout
 * by POST. A password is only read from the form of /login. In an address, it would be stored by browsers, proxies and
 * their logs.
 */
export function login(passwords: PasswordLogins): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/login', (c) => loginPage(c, { redirect: queryOf(c).get('redirect') ?? '', status: 200 }))
    .post('/login', (c) => logIn(c, passwords))
    .on(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], '/jwt-login', (c) => logIn(c, 'tokens only'))
    .post('/logout', async (c) => {
      const goesOnAt = await otherSession(c);
      endSession(c);
      return loggedOutPage(c, { goesOnAt });
    });
}

async function otherSession(c: Context<AppEnv>): Promise<OtherSession> {
  if ((await loggedInAtCcBackend(c)) !== undefined) return 'cc-backend';
  const { OIDC_PROVIDER } = c.get('service').settings;
  return OIDC_PROVIDER !== undefined && (await isFromProvider(c)) ? 'provider' : undefined;
}

/** Starts a session and redirects, or shows the form again. */
async function logIn(c: Context<AppEnv>, passwords: PasswordLogins | 'tokens only'): Promise<Response> {
  const attempt = await attemptOf(c);
  const { username, redirect } = attempt;
  try {
    const { user, hasAccount = false } = await whoLogsIn(c, attempt, passwords);
    await startSession(c, user, { hasAccount });
  } catch (error) {
    const fault = error instanceof LoginFailure ? faultOfLogin(c, error) : error;
    if (!(fault instanceof Fault) || (fault.status !== 401 && fault.code !== 'login_unavailable')) throw fault;
    return failedLogin(c, fault, { username, redirect });
  }
  return c.redirect(addressWithin(redirect), 302);
}

/** Reads the form, then the query. The password is only read from the form. */
async function attemptOf(c: Context<AppEnv>): Promise<Attempt> {
  const form = c.req.method === 'GET' ? new URLSearchParams() : await LOGIN_FORM.read(c);
  const query = queryOf(c);
  const field = (name: string) => form.get(name) ?? query.get(name) ?? '';
  const header = c.req.header('Authorization')?.replace(/^Bearer /, '');
  return {
    username: field('username'),
    password: form.get('password') ?? '',
    redirect: field('redirect'),
    loginToken: header || query.get('login-token') || undefined,
  };
}

/**
 * Returns the user, by the first way of logging in that applies. Throws `unauthorized` or LoginFailure. Tokens have no
 * limit on attempts: checking one is cheap, a key of 32 bytes cannot be guessed, and failures of one user must not lock
 * out another behind the same proxy. A cookie only counts at /jwt-login, so that an old one does not keep its user from
 * logging in with a password.
 */
async function whoLogsIn(
  c: Context<AppEnv>,
  attempt: Attempt,
  passwords: PasswordLogins | 'tokens only',
): Promise<LoggedIn> {
  const { loginToken } = attempt;
  const { settings } = c.get('service');
  const { CROSS_LOGIN_JWT_HS512_KEY: key, JWT_COOKIE_NAME } = settings;
  if (loginToken !== undefined && key !== undefined) {
    return await admitByToken(c, await verifyLoginToken(loginToken, key, nowSec(c)));
  }
  if (passwords !== 'tokens only') return await passwords.logIn(c, attempt);
  const cookie = JWT_COOKIE_NAME === undefined ? undefined : getCookie(c, JWT_COOKIE_NAME);
  if (JWT_COOKIE_NAME === undefined || cookie === undefined) throw new Fault('unauthorized', TOKENS_ONLY);
  deleteCookie(c, JWT_COOKIE_NAME, { path: '/', httpOnly: true });
  return await admitByToken(c, await verifyCookieToken(cookie, settings, nowSec(c)));
}

/** With JWT_VALIDATE_USER an account is required, and not changed (contract/auth.md §2). */
async function admitByToken(c: Context<AppEnv>, described: ExternalUser): Promise<LoggedIn> {
  const { JWT_SYNC_USER, JWT_UPDATE_USER, JWT_VALIDATE_USER } = c.get('service').settings;
  const [creates, updates] = JWT_VALIDATE_USER ? [false, false] : [JWT_SYNC_USER, JWT_UPDATE_USER];
  const changesAccounts = creates || updates;
  if (!changesAccounts && !JWT_VALIDATE_USER) {
    const { username, roles, projects } = described;
    return { user: { name: username, roles: new Set(roles), projects } };
  }
  const external = changesAccounts ? storableUser(described, 'sub') : described;
  return await admitExternal(c, external, { source: 'token', creates, updates });
}
