/** Stands for ourselves: nobody has this name. */
const HERE = 'http://here.invalid';

/**
 * Where a login may lead on to: the address, if it has neither scheme nor host as a browser reads it (`/\\host` and `//host` have one),
 * else `/`.
 */
export function addressWithin(target: string): string {
  if (!target.startsWith('/') || !URL.canParse(target, HERE)) return '/';
  const { origin, pathname, search, hash } = new URL(target, HERE);
  // `/.//host` is read as the path `//host`, which sent out again would be a host.
  return origin === HERE && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}
