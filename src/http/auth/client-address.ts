import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../service.ts';

/** What a request says about its client. */
interface Origin {
  readonly peer: string;
  /** The value of a header with this lower-case name. */
  header(name: string): string | undefined;
  /** The setting TRUST_PROXY. */
  readonly proxies: number | false;
}

/**
 * The address of the client: the peer, or with TRUST_PROXY the address that the trusted proxies report. It has no port
 * and no IPv6 brackets. An IPv4-mapped IPv6 address becomes the IPv4 address.
 */
export function callerAddress(c: Context<AppEnv>): string {
  return addressOf(originOf(c));
}

function originOf(c: Context<AppEnv>): Origin {
  const { settings, clientAddress } = c.get('service');
  return { peer: clientAddress(c), header: (name) => c.req.header(name), proxies: settings.TRUST_PROXY };
}

function addressOf({ peer, header, proxies }: Origin): string {
  return bareAddress(proxies === false ? peer : (forwardedAddress(header, proxies) ?? peer));
}

/**
 * The peer of the outermost of `proxies` trusted proxies. Each proxy appends one address to X-Forwarded-For, so entries
 * written by the client are further left and are ignored. With a single proxy, X-Real-Ip is accepted, too. If the two
 * headers disagree, the client wrote one of them: both are ignored, and the address of the proxy is used.
 */
function forwardedAddress(header: Origin['header'], proxies: number): string | undefined {
  const hops = (header('x-forwarded-for') ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  const hop = hops[Math.max(0, hops.length - proxies)];
  const real = proxies === 1 ? header('x-real-ip')?.trim() || undefined : undefined;
  if (hop !== undefined && real !== undefined && bareAddress(hop) !== bareAddress(real)) return undefined;
  return hop ?? real;
}

/** The groups of an IPv6 network that one customer owns. It has more addresses than a limit can track. */
const NETWORK_GROUPS = 4;
const LONGEST_ADDRESS = 64;

/**
 * The key for limits by address: an IPv4 address, or the /64 network of an IPv6 address (`2001:db8:0:1::/64`). Its
 * length is bounded, because a proxy may pass on any text.
 */
export function addressForLimits(c: Context<AppEnv>): string {
  return limitedAddress(originOf(c));
}

/** The same for a request that has not reached the app yet. */
export function limitedAddress(origin: Origin): string {
  const address = addressOf(origin);
  const withoutZone = address.replace(/%.*$/, '');
  if (!withoutZone.includes(':') || !URL.canParse(`http://[${withoutZone}]`)) return address.slice(0, LONGEST_ADDRESS);
  const network = ipv6Groups(new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)).slice(0, NETWORK_GROUPS);
  return `${network.join(':')}::/64`;
}

/** The eight groups of an address in its shortest form, as URL writes it. */
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

/**
 * Throws `unauthorized` with the address unless API_ALLOWED_IPS contains it literally. A first entry `*` allows all.
 */
export function checkAddress(c: Context<AppEnv>): void {
  const allowed = c.get('service').settings.API_ALLOWED_IPS;
  if (allowed.length === 0 || allowed[0] === '*') return;
  const address = callerAddress(c);
  if (!allowed.includes(address))
    throw new Fault('unauthorized', `the address ${address} is not allowed to use this API`);
}
