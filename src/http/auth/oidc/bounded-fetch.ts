import type { CustomFetch, CustomFetchOptions } from 'openid-client';
import { LoginFailure } from '../external-login-failures.ts';

/** The size of an answer, uncompressed. Those of Keycloak have 2 to 10 KB. */
const MOST_BYTES = 256 * 1024;

/**
 * A `fetch` whose answers are bounded in time and size. Redirects are not followed: the answers of a provider have no
 * need of them. Throws LoginFailure.
 */
export function boundedFetch(limitMs: number, signal?: AbortSignal): CustomFetch {
  return async (url: string, { method, body, headers, signal: theirs }: CustomFetchOptions): Promise<Response> => {
    const limit = AbortSignal.timeout(limitMs);
    const any = AbortSignal.any([limit, theirs, signal].filter((given) => given !== undefined));
    const { host, pathname } = new URL(url);
    const where = `${host}${pathname}`;
    try {
      const answer = await fetch(url, { method, headers, body: body ?? null, signal: any, redirect: 'manual' });
      return await received(answer, where);
    } catch (error) {
      if (error instanceof LoginFailure) throw error;
      signal?.throwIfAborted();
      if (limit.aborted) throw new LoginFailure('provider-unreachable', `${where}: no answer within ${limitMs} ms`);
      throw new LoginFailure('provider-unreachable', `${where}: ${reasonOf(error)}`);
    }
  };
}

/** The same answer, read completely. */
async function received(answer: Response, where: string): Promise<Response> {
  const reader = answer.body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    bytes += part.value.byteLength;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      throw new LoginFailure('provider-invalid', `${where}: an answer of more than ${MOST_BYTES / 1024} KB`);
    }
    chunks.push(new Uint8Array(part.value));
  }
  const { status, headers } = answer;
  return new Response(bytes === 0 ? null : new Blob(chunks), { status, headers });
}

/** The code of a network or TLS error, such as ECONNREFUSED. Node puts it into the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code);
  return 'cannot be reached';
}
