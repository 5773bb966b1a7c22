import type { Context } from 'hono';
import { Fault } from '../faults.ts';
import type { AppEnv } from './env.ts';

/**
 * Who asks: with TRUST_PROXY the first of X-Real-Ip and X-Forwarded-For (its whole text, as the contract has it), else the
 * peer. Without port, without the brackets of IPv6, and an IPv4 address mapped into IPv6 as the IPv4 address it is.
 */
export function callerAddress(c: Context<AppEnv>): string {
  const { settings, clientAddress } = c.var.service;
  const forwarded = settings.TRUST_PROXY ? c.req.header('X-Real-Ip') || c.req.header('X-Forwarded-For') : undefined;
  return bareAddress(forwarded || clientAddress(c));
}

function bareAddress(address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1];
  const withPort = /^([^:]*):\d+$/.exec(address)?.[1];
  return (bracketed ?? withPort ?? address).replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Throws `unauthorized` with the address unless API_ALLOWED_IPS has it, letter by letter; a first entry `*` is everybody. */
export function checkAddress(c: Context<AppEnv>): void {
  const allowed = c.var.service.settings.API_ALLOWED_IPS;
  if (allowed.length === 0 || allowed[0] === '*') return;
  const address = callerAddress(c);
  if (!allowed.includes(address)) throw new Fault('unauthorized', `the address ${address} may not use this API`);
}
