/** The kinds of values that settings have: how each is read, and what is said about one that is not valid. */
import { z } from 'zod';

/** Digits only, because `z.coerce.number()` would accept `''` as 0 and `true` as 1. */
export function wholeNumber(min: number, max: number, message = `must be a whole number from ${min} to ${max}`) {
  return z
    .string()
    .regex(/^\d{1,12}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** The value for automatic is the word `auto`, never 0 or -1. */
export function autoOr(min: number, max: number) {
  const message = `must be auto or a whole number from ${min} to ${max}`;
  return z.union([z.literal('auto'), wholeNumber(min, max, message)], { error: message });
}

/** The value for disabled is the word `off`. */
export function offOr(min: number, max: number) {
  const message = `must be off or a whole number from ${min} to ${max}`;
  return z.union([z.literal('off'), wholeNumber(min, max, message)], { error: message });
}

export const onOff = z.enum(['on', 'off'], { error: 'must be on or off' }).transform((word) => word === 'on');
/** The number of trusted proxies. False means none. */
export function trustedProxies(most: number) {
  const message = `must be on, off or a whole number from 1 to ${most}`;
  const words = onOff.transform((isOn) => (isOn ? 1 : (false as const)));
  return z.union([words, wholeNumber(1, most, message)], { error: message });
}

export const text = z.string().min(1, { error: 'is empty: remove it instead', abort: true });

/** Base64 of exactly `bytes` bytes. The value is secret, so no message contains it. */
export function base64Key(bytes: number, what: string) {
  return z
    .string()
    .refine(
      (value) => isBase64(value) && atob(value).length === bytes,
      `must be ${what} of ${bytes} bytes in base64: create a key pair with 'cc-jobs keys'`,
    );
}

/** Base64 of at least `bytes` bytes, for a secret shared by two programs. */
export function base64Secret(bytes: number) {
  return z
    .string()
    .refine(
      (value) => isBase64(value) && atob(value).length >= bytes,
      `must be ${bytes} bytes or more in base64: head -c ${bytes} /dev/urandom | base64`,
    );
}

function isBase64(value: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
}

export const serverUrl = text.refine(
  (value) => /^(https?|libsql):\/\/./.test(value) && URL.canParse(value),
  'must be the URL of a libSQL server: http://, https:// or libsql://',
);
export const databaseUrl = text.refine(
  (value) => /^file:./.test(value) || (/^(https?|libsql):\/\/./.test(value) && URL.canParse(value)),
  'must begin with file:, http://, https:// or libsql://',
);

/** Callers' tokens are sent there, so it is an address and nothing else. */
export const upstreamUrl = text.refine((value) => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}, 'must be the URL of cc-backend: http:// or https://, without a user, a query or a fragment');

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Where browsers reach the service, without a path: its pages are at the root. */
export const originUrl = text
  .refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, href, origin } = new URL(value);
    return /^https?:$/.test(protocol) && href === `${origin}/`;
  }, 'must be an address such as https://jobs.example, without a path')
  .transform((value) => new URL(value).origin);

/** What this provider says about users is believed, so nobody may be able to change it on its way. */
export const providerUrl = text.refine((value) => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  const isSecure = protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname));
  return isSecure && [username, password, search, hash].every((part) => part === '');
}, 'must be an https:// URL without a user, a query or a fragment (http:// only on this machine)');

export const ldapUrl = text.refine((value) => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(value);
  const isPlain = [username, password, pathname.replace(/^\/$/, ''), search, hash].every((part) => part === '');
  return /^ldaps?:$/.test(protocol) && hostname !== '' && isPlain;
}, 'must be an ldap:// or ldaps:// URL with a host, and at most a port');

export const ldapAttribute = text.regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'must be the name of an attribute');

export const OWN_COOKIES = new Set(['session', 'ccjobs_session', 'ccjobs_oidc']);

export const addressList = text.transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);

export const secondsList = z
  .string()
  .regex(
    /^(off|[1-9]\d{0,5}(, ?[1-9]\d{0,5})*)$/,
    'must be off, or whole numbers from 1 to 999999, separated by commas',
  )
  .transform((value) => (value === 'off' ? [] : value.split(',').map(Number)));
