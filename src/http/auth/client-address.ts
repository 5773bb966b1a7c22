import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../env.ts';

/**
 * The address of the client: of the peer, or with TRUST_PROXY what the trusted proxies say of it. Without port, without the brackets
 * of IPv6, and an IPv4 address mapped into IPv6 as the IPv4 address it is.
 */
export function callerAddress(c: Context<AppEnv>): string {
  const { settings, clientAddress } = c.var.service;
  const peer = clientAddress(c);
  return bareAddress(settings.TRUST_PROXY === false ? peer : (forwardedAddress(c, settings.TRUST_PROXY) ?? peer));
}

/**
 * What the outermost of `proxies` trusted proxies saw as its peer. Each appends one address to X-Forwarded-For, so what a client wrote
 * itself is further left and does not count. Of a single proxy X-Real-Ip will do. Where the two headers contradict each other one of
 * them is the client's: then neither counts, and the address is that of the proxy.
 */
function forwardedAddress(c: Context<AppEnv>, proxies: number): string | undefined {
  const hops = (c.req.header('X-Forwarded-For') ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  const hop = hops[Math.max(0, hops.length - proxies)];
  const real = proxies === 1 ? c.req.header('X-Real-Ip')?.trim() || undefined : undefined;
  if (hop !== undefined && real !== undefined && bareAddress(hop) !== bareAddress(real)) return undefined;
  return hop ?? real;
}

/** A network of IPv6 that one customer has for himself, with more addresses than anybody can count. */
const NETWORK_GROUPS = 4;
const LONGEST_ADDRESS = 64;

/**
 * What limits by address count under: an IPv4 address, or the /64 of an IPv6 address (`2001:db8:0:1::/64`). Of bounded length, since a
 * proxy may pass on any text.
 */
export function addressForLimits(c: Context<AppEnv>): string {
  const address = callerAddress(c);
  const withoutZone = address.replace(/%.*$/, '');
  if (!withoutZone.includes(':') || !URL.canParse(`http://[${withoutZone}]`)) return address.slice(0, LONGEST_ADDRESS);
  const network = ipv6Groups(new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)).slice(0, NETWORK_GROUPS);
  return `${network.join(':')}::/64`;
}

/** The eight groups of an address in the shortest form, as URL has it. */
function ipv6Groups(address: string): string[] {
  const [left = [], right] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  if (right === undefined) return left;
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
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
  if (!allowed.includes(address))
    throw new Fault('unauthorized', `the address ${address} is not allowed to use this API`);
}
