import type { Context, MiddlewareHandler } from 'hono';
import { userByName } from '../db/statements/user-by-name.ts';
import { Fault } from '../faults.ts';
import { isMachine, type User } from '../jobs/user.ts';
import { checkAddress } from './client-address.ts';
import type { AppEnv } from './env.ts';
import { importPublicKey } from './keys.ts';
import { KnownTokens } from './known-tokens.ts';

/**
 * For /api: a machine account, or an admin whose token is for APIs (contract/rest.md §2), from an allowed address. `but` are paths with
 * rules of their own.
 */
export function apiUsers({ but }: { but: readonly string[] }): MiddlewareHandler<AppEnv> {
  const check = callers(['admin'], checkAddress);
  return (c, next) => (but.includes(c.req.path) ? next() : check(c, next));
}

/**
 * For the routes that cc-backend's metric store answers: whoever reports of nodes, from any address. Not support
 * (contract/rest.md §2).
 */
export function reporters(): MiddlewareHandler<AppEnv> {
  return callers(['user', 'manager', 'admin']);
}

/** For /userapi: a machine account, or a person whose token is for APIs. */
export function people(): MiddlewareHandler<AppEnv> {
  return callers(['user', 'manager', 'support', 'admin']);
}

/** Lets machine accounts pass, and whoever has the role `api` and one of these. */
function callers(roles: readonly string[], check: (c: Context<AppEnv>) => void = () => {}): MiddlewareHandler<AppEnv> {
  const identify = identifier();
  return async (c, next) => {
    const user = await identify(c);
    check(c);
    const mayPass = isMachine(user) || (user.roles.has('api') && roles.some((role) => user.roles.has(role)));
    if (!mayPass) throw new Fault('unauthorized', 'unauthorized');
    c.set('user', user);
    await next();
  };
}

/** Throws `forbidden` for a user of the group who lacks a role that this one route wants. */
export function requireRole(user: User, role: 'api' | 'admin'): void {
  if (!user.roles.has(role)) throw new Fault('forbidden', `missing role: ${role}`);
}

/** With AUTH=none: the service then answers on a loopback address only. */
const EVERYONE: User = { name: 'anonymous', roles: new Set(['admin', 'api']), projects: [] };
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Finds out who asks. The key is imported once. Throws `unauthorized`. */
function identifier(): (c: Context<AppEnv>) => Promise<User> {
  let tokens: KnownTokens | undefined;
  return async (c) => {
    const { settings, clock } = c.var.service;
    if (settings.AUTH === 'none') return everyone(c);
    const token = tokenOf(c);
    if (token === undefined) throw new Fault('unauthorized', 'no token: send X-Auth-Token or Authorization');
    if (settings.JWT_PUBLIC_KEY === undefined) throw new Fault('unauthorized', 'tokens are off: no JWT_PUBLIC_KEY');
    tokens ??= new KnownTokens(importPublicKey(settings.JWT_PUBLIC_KEY));
    const { user, roles } = await tokens.verify(token, clock());
    if (settings.JWT_VALIDATE_USER) return await userFromDatabase(c, user);
    return { name: user, roles: new Set(roles), projects: [] };
  };
}

/** The loopback check also stops a web page whose name an attacker's DNS points here. */
function everyone(c: Context<AppEnv>): User {
  if (LOOPBACK.has(new URL(c.req.url).hostname)) return EVERYONE;
  throw new Fault('unauthorized', 'AUTH=none answers requests to a loopback host only');
}

/** X-Auth-Token as it is, else Authorization with or without `Bearer `. */
function tokenOf(c: Context<AppEnv>): string | undefined {
  const token = c.req.header('X-Auth-Token') || c.req.header('Authorization')?.replace(/^Bearer /, '');
  return token === '' ? undefined : token;
}

async function userFromDatabase(c: Context<AppEnv>, username: string): Promise<User> {
  const [row] = await c.var.db.read(userByName(username), c.var.deadline);
  if (row === undefined) throw new Fault('unauthorized', 'unknown user');
  return { name: row.username, roles: new Set(row.roles), projects: row.projects };
}
