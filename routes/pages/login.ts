import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import { localAccount } from '../../src/db/statements/local-account.ts';
import { Fault } from '../../src/faults.ts';
import { loggedInAtCcBackend } from '../../src/http/auth/cc-backend-session.ts';
import { addressForLimits } from '../../src/http/auth/client-address.ts';
import { verifyCookieToken } from '../../src/http/auth/cookie-token.ts';
import { admitExternal, type ExternalUser, storableUser } from '../../src/http/auth/external-account.ts';
import { faultOfLogin, LoginFailure } from '../../src/http/auth/login-failures.ts';
import { LoginLimit } from '../../src/http/auth/login-limit.ts';
import { verifyLoginToken } from '../../src/http/auth/login-token.ts';
import { Passwords } from '../../src/http/auth/passwords.ts';
import { endSession, isFromProvider, startSession } from '../../src/http/auth/session.ts';
import { addressWithin } from '../../src/http/auth/within-site.ts';
import type { AppEnv, Service } from '../../src/http/env.ts';
import { formBody } from '../../src/http/query/form-body.ts';
import { nowSec, queryOf } from '../../src/http/request.ts';
import type { User } from '../../src/jobs/roles.ts';
import { failedLogin, loggedOutPage, loginPage, type OtherSession } from '../../src/pages/login/content.ts';

const REFUSED = 'Wrong user name or password.';
const TOO_OFTEN = 'Too many failed attempts. Try again in three minutes.';
const TOKENS_ONLY = 'This address accepts only login tokens. Please log in here.';

/** The fields of the form: user name, password, and the address to open next, which may contain a long filter. */
export const LOGIN_FORM = formBody({ bytes: 16 * 1024, fields: 16 });

interface Attempt {
  username: string;
  password: string;
  redirect: string;
  loginToken: string | undefined;
}

/** The parts that all logins of an app share. */
interface Guards {
  limit: LoginLimit;
  passwords: Passwords;
}

/**
 * The addresses for logging in and out (contract/auth.md §7): /login by GET or POST, /jwt-login by GET or POST, /logout
 * by POST. A password is only read from the form of /login. In an address, it would be stored by browsers, proxies and
 * their logs.
 */
export function login({ comparePassword }: Pick<Service, 'comparePassword'>): Hono<AppEnv> {
  const guards = { limit: new LoginLimit(), passwords: new Passwords(comparePassword) };
  return new Hono<AppEnv>()
    .get('/login', (c) => loginPage(c, { redirect: queryOf(c).get('redirect') ?? '', status: 200 }))
    .post('/login', (c) => logIn(c, guards))
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
async function logIn(c: Context<AppEnv>, guards: Guards | 'tokens only'): Promise<Response> {
  const attempt = await attemptOf(c);
  const { username, redirect } = attempt;
  try {
    const { user, hasAccount = false } = await whoLogsIn(c, attempt, guards);
    await startSession(c, user, { hasAccount });
  } catch (error) {
    const fault = error instanceof LoginFailure ? faultOfLogin(c, error) : error;
    if (!(fault instanceof Fault) || fault.status !== 401) throw fault;
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

interface LoggedIn {
  user: User;
  /** True if the session depends on the account (contract/auth.md §8). */
  hasAccount?: boolean;
}

/**
 * Returns the user, by the first way of logging in that applies. Throws `unauthorized` or LoginFailure. Tokens have no
 * limit on attempts: checking one is cheap, a key of 32 bytes cannot be guessed, and failures of one user must not lock
 * out another behind the same proxy. A cookie only counts at /jwt-login, so that an old one does not keep its user from
 * logging in with a password.
 */
async function whoLogsIn(c: Context<AppEnv>, attempt: Attempt, guards: Guards | 'tokens only'): Promise<LoggedIn> {
  const { loginToken } = attempt;
  const { settings } = c.get('service');
  const { CROSS_LOGIN_JWT_HS512_KEY: key, JWT_COOKIE_NAME } = settings;
  if (loginToken !== undefined && key !== undefined) {
    return await admitByToken(c, await verifyLoginToken(loginToken, key, nowSec(c)));
  }
  if (guards !== 'tokens only') return { user: await whoKnowsThePassword(c, attempt, guards) };
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

/** Checks a password. Throws `unauthorized`. The limit counts only failures and attempts that the client abandoned. */
async function whoKnowsThePassword(c: Context<AppEnv>, attempt: Attempt, { limit, passwords }: Guards): Promise<User> {
  const { username, password } = attempt;
  const address = addressForLimits(c);
  if (!limit.take(address, username, nowSec(c))) throw new Fault('unauthorized', TOO_OFTEN);
  try {
    const [account] = username === '' ? [] : await c.get('db').read(localAccount(username), c.get('deadline'));
    const matches = await passwords.match({ password, hash: account?.password ?? null, address }, c.get('deadline'));
    if (account === undefined || !matches) throw new Fault('unauthorized', REFUSED);
    limit.giveBack(address, username, nowSec(c));
    return { name: username, roles: new Set(account.roles), projects: account.projects };
  } catch (error) {
    if (error instanceof Fault && error.status >= 500) limit.giveBack(address, username, nowSec(c));
    throw error;
  }
}
