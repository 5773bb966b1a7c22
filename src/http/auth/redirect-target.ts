/** A base for relative addresses. The name cannot exist. */
const HERE = 'http://here.invalid';

/**
 * The address to which a login may redirect: `target` if a browser finds neither scheme nor host in it (`/\\host` and
 * `//host` have a host), otherwise `/`.
 */
export function addressWithin(target: string): string {
  if (!target.startsWith('/') || !URL.canParse(target, HERE)) return '/';
  const { origin, pathname, search, hash } = new URL(target, HERE);
  // `/.//host` is parsed as the path `//host`. In a redirect, `//host` would name a host.
  return origin === HERE && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}
