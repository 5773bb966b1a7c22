import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { CC_BACKEND_COOKIE, loggedInAtCcBackend } from '../auth/cc-backend-session-cookie.ts';
import type { AppEnv } from '../service.ts';

/**
 * The header that identifies the caller at cc-backend: the token by which this request was identified, or the caller's
 * session of cc-backend. Undefined without either. A session of another user is not passed on: cc-backend would answer
 * by the rights of that user.
 */
export async function credentialOf(c: Context<AppEnv>): Promise<Readonly<Record<string, string>> | undefined> {
  for (const name of ['X-Auth-Token', 'Authorization']) {
    const token = c.req.header(name);
    if (token) return { [name]: token };
  }
  const session = await loggedInAtCcBackend(c);
  if (session?.name !== c.get('user').name) return undefined;
  return { Cookie: `${CC_BACKEND_COOKIE}=${getCookie(c, CC_BACKEND_COOKIE)}` };
}
