import { type Context, Hono } from 'hono';
import { localAccount } from '../../src/db/statements/local-account.ts';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { Fault } from '../../src/faults.ts';
import { html } from '../../src/html/html.ts';
import { pageAnswer } from '../../src/html/layout.ts';
import { loginPage } from '../../src/html/login-form.ts';
import { callerAddress } from '../../src/http/client-address.ts';
import type { AppEnv } from '../../src/http/env.ts';
import { formBody } from '../../src/http/form-body.ts';
import { LoginLimit } from '../../src/http/login-limit.ts';
import { verifyLoginToken } from '../../src/http/login-token.ts';
import { Passwords } from '../../src/http/passwords.ts';
import { nowSec, queryOf } from '../../src/http/request.ts';
import { endSession, startSession } from '../../src/http/session.ts';
import { addressWithin } from '../../src/http/within-site.ts';
import type { User } from '../../src/jobs/user.ts';

const REFUSED = 'That user name and password do not belong together.';
const TOO_OFTEN = 'Too many attempts. The next one is in three minutes.';

/** User name, password, and where to go then, which may be an address with a long filter. */
export const LOGIN_FORM = formBody({ bytes: 16 * 1024, fields: 16 });

interface Attempt {
  username: string;
  password: string;
  redirect: string;
  loginToken: string | undefined;
}

/** Parts of one app that its logins share. */
interface Guards {
  limit: LoginLimit;
  passwords: Passwords;
}

/** GET and POST /login, /jwt-login by any method that a link or a form has, and POST /logout (contract/auth.md §7). */
export function login(): Hono<AppEnv> {
  const guards = { limit: new LoginLimit(), passwords: new Passwords() };
  return new Hono<AppEnv>()
    .get('/login', (c) => loginPage(c, { redirect: queryOf(c).get('redirect') ?? '', status: 200 }))
    .post('/login', (c) => logIn(c, guards))
    .on(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], '/jwt-login', (c) => logIn(c, guards))
    .post('/logout', (c) => {
      endSession(c);
      const content = html`<section class="narrow"><h1>Logged out</h1><p><a href="/login">Log in again</a></p></section>`;
      return pageAnswer(c, { title: 'Logged out', content });
    });
}

/** A session and the way on, or the form again. */
async function logIn(c: Context<AppEnv>, guards: Guards): Promise<Response> {
  const attempt = await attemptOf(c);
  const { username, redirect } = attempt;
  try {
    await startSession(c, await whoLogsIn(c, attempt, guards));
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== 401) throw error;
    c.set('fault', error); // for the access log
    return loginPage(c, { problem: error.message, username, redirect, status: 401 });
  }
  return c.redirect(addressWithin(redirect), 302);
}

/** From the form, or else from the query. */
async function attemptOf(c: Context<AppEnv>): Promise<Attempt> {
  const form = c.req.method === 'GET' ? new URLSearchParams() : await LOGIN_FORM.read(c);
  const query = queryOf(c);
  const field = (name: string) => form.get(name) ?? query.get(name) ?? '';
  const header = c.req.header('Authorization')?.replace(/^Bearer /, '');
  return {
    username: field('username'),
    password: field('password'),
    redirect: field('redirect'),
    loginToken: header || query.get('login-token') || undefined,
  };
}

/** The first way that applies decides. Throws `unauthorized`. */
async function whoLogsIn(c: Context<AppEnv>, attempt: Attempt, { limit, passwords }: Guards): Promise<User> {
  const { username, password, loginToken } = attempt;
  const { CROSS_LOGIN_JWT_HS512_KEY: key, JWT_VALIDATE_USER } = c.var.service.settings;
  if (!limit.take(callerAddress(c), username, nowSec(c))) throw new Fault('unauthorized', TOO_OFTEN);
  if (loginToken !== undefined && key !== undefined) {
    const user = await verifyLoginToken(loginToken, key, nowSec(c));
    return JWT_VALIDATE_USER ? await knownUser(c, user.name) : user;
  }
  const [account] = username === '' ? [] : await c.var.db.read(localAccount(username), c.var.deadline);
  const matches = await passwords.match(password, account?.password ?? null, c.var.deadline);
  if (account === undefined || !matches) throw new Fault('unauthorized', REFUSED);
  return { name: username, roles: new Set(account.roles), projects: account.projects };
}

async function knownUser(c: Context<AppEnv>, username: string): Promise<User> {
  const [row] = await c.var.db.read(userByName(username), c.var.deadline);
  if (row === undefined) throw new Fault('unauthorized', 'There is no such user here.');
  return { name: row.username, roles: new Set(row.roles), projects: row.projects };
}
