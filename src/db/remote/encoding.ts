/**
 * The Accept-Encoding for a libSQL server. A server that may compress does so. gzip takes 40 ms of CPU per MB
 * (measured: a list of 50,000 jobs takes three times as long), which pays off on links below some 180 Mbit/s, such as
 * the internet. br takes 2.8 s per MB.
 */
export function encodingFor(url: string): 'identity' | 'gzip' {
  const { protocol, hostname, searchParams } = new URL(url);
  // Plain text is for private networks. libsql: means https: unless tls=0 is set.
  const isPlain = protocol === 'http:' || searchParams.get('tls') === '0';
  return isPlain || isPrivate(hostname) ? 'identity' : 'gzip';
}

/** Names of private networks: a single label, or below one of these domains. */
const PRIVATE_NAMES = /^[^.:]+$|\.(localhost|local|internal|lan|home\.arpa)$/;
/** Loopback, RFC 1918 and link-local. */
const PRIVATE_IPV4 = /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.[\d.]+$/;
/** Loopback, unique local (fc00::/7) and link-local (fe80::/10). */
const PRIVATE_IPV6 = /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/;

function isPrivate(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return PRIVATE_NAMES.test(host) || PRIVATE_IPV4.test(host) || PRIVATE_IPV6.test(host);
}
