import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../../faults.ts';
import {
  EVERY_RIGHT,
  missingRoles,
  opensByToken,
  type RouteGroup,
  rightsOf,
  rolesFor,
  type User,
} from '../../jobs/roles.ts';
import type { AppEnv } from '../service.ts';
import { checkAddress } from './client-address.ts';
import { KnownTokens } from './known-tokens.ts';
import { sessionUser } from './session-cookie.ts';
import { importPublicKey } from './signing-keys.ts';
import { userInDatabase } from './user-in-database.ts';

/** Checks the tokens of /api and the address (contract/rest.md §2). The paths in `but` have rules of their own. */
export function apiUsers({ but }: { but: readonly string[] }): MiddlewareHandler<AppEnv> {
  const check = callers('api', checkAddress);
  return async (c, next) => {
    if (but.includes(c.req.path)) return await next();
    const reader = await pageReader(c);
    if (reader === undefined) return await check(c, next);
    waitsAs(c, reader.name);
    c.set('user', reader);
    return await next();
  };
}

/** The routes that the scripts of the pages read. */
const READ_BY_PAGES =
  /^\/api\/(?:jobs\/(?:count|\d+|metrics\/\d+)?|statistics\/(?:jobs|histograms|percentiles|timeline|unused)|system|unusual)$/;

/**
 * The session user, if one of our pages makes the request: it is a GET with the header that the scripts send, from our
 * own origin. Browsers state the origin of a request, except over plain HTTP. For all other requests a session does not
 * count on these routes (contract/rest.md §2).
 */
async function pageReader(c: Context<AppEnv>): Promise<User | undefined> {
  const { AUTH } = c.get('service').settings;
  if (AUTH === 'none' || c.req.method !== 'GET' || tokenOf(c) !== undefined) return undefined;
  if (c.req.header('X-Requested-With') !== REQUESTED_WITH || !READ_BY_PAGES.test(c.req.path)) return undefined;
  if ((c.req.header('Sec-Fetch-Site') ?? 'same-origin') !== 'same-origin') return undefined;
  return await sessionUser(c);
}

/** The X-Requested-With header of requests from the pages. */
const REQUESTED_WITH = 'cc-jobs';

/**
 * Admits any logged-in user or token holder to the pages, whatever the role (contract/rest.md §2). The queries limit
 * what the user may see. Throws `unauthorized`, for which the login page is shown.
 */
export function visitors(): MiddlewareHandler<AppEnv> {
  const identify = identifier();
  return async (c, next) => {
    const isOpen = c.get('service').settings.AUTH === 'none' || tokenOf(c) !== undefined;
    const user = isOpen ? await identify(c) : await sessionUser(c);
    if (user === undefined) throw new Fault('unauthorized', 'please log in');
    if (!isOpen) waitsAs(c, user.name);
    c.set('user', user);
    await next();
  };
}

/** Checks the tokens of the routes that cc-backend's metric store serves, from any address (contract/rest.md §2). */
export function reporters(): MiddlewareHandler<AppEnv> {
  return callers('node reports');
}

/** Checks the tokens of /userapi, from any address. */
export function people(): MiddlewareHandler<AppEnv> {
  return callers('userapi');
}

/** Admits the tokens whose roles allow these routes. */
function callers(routes: RouteGroup, check: (c: Context<AppEnv>) => void = () => {}): MiddlewareHandler<AppEnv> {
  const identify = identifier();
  return async (c, next) => {
    const user = await identify(c);
    check(c);
    if (!opensByToken(user, routes)) throw new Fault('unauthorized', missingRoles(user, routes));
    c.set('user', user);
    await next();
  };
}

/** Throws `forbidden` unless the user may use the routes about accounts and the state of the service. */
export function requireAdministrator(user: User): void {
  if (rightsOf(user).routes.includes('administration')) return;
  throw new Fault('forbidden', `missing role: ${rolesFor('administration').join(' or ')}`);
}

/** The user with AUTH=none. The service then answers only on a loopback address. */
const EVERYONE: User = { name: 'anonymous', roles: new Set(EVERY_RIGHT), projects: [] };
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Identifies the caller. The key is imported only once. Throws `unauthorized`. */
function identifier(): (c: Context<AppEnv>) => Promise<User> {
  let tokens: KnownTokens | undefined;
  return async (c) => {
    const { settings, clock } = c.get('service');
    if (settings.AUTH === 'none') return everyone(c);
    const token = tokenOf(c);
    if (token === undefined) throw new Fault('unauthorized', 'no token: send one in X-Auth-Token or Authorization');
    if (settings.JWT_PUBLIC_KEY === undefined)
      throw new Fault('unauthorized', 'tokens are disabled: JWT_PUBLIC_KEY is not set');
    tokens ??= new KnownTokens(importPublicKey(settings.JWT_PUBLIC_KEY));
    const { user, roles } = await tokens.verify(token, clock());
    waitsAs(c, user);
    if (!settings.JWT_VALIDATE_USER) return { name: user, roles: new Set(roles), projects: [] };
    const account = await userInDatabase(c, user);
    if (account === undefined) throw new Fault('unauthorized', 'unknown user');
    return account;
  };
}

/** From here on, the request shares all queues with requests of the same user (with AUTH=none: of the same address). */
function waitsAs(c: Context<AppEnv>, username: string): void {
  c.set('deadline', { ...c.get('deadline'), caller: `user ${username}` });
  c.get('service').identified?.(c);
}

/** The loopback check also blocks a web page whose host name an attacker's DNS resolves to this machine. */
function everyone(c: Context<AppEnv>): User {
  if (LOOPBACK.has(new URL(c.req.url).hostname)) {
    c.get('service').identified?.(c);
    return EVERYONE;
  }
  throw new Fault('unauthorized', 'with AUTH=none only requests to a loopback host are allowed');
}

/** X-Auth-Token unchanged, otherwise Authorization with or without `Bearer `. */
function tokenOf(c: Context<AppEnv>): string | undefined {
  const token = c.req.header('X-Auth-Token') || c.req.header('Authorization')?.replace(/^Bearer /, '');
  return token === '' ? undefined : token;
}
