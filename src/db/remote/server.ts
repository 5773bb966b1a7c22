import { type Client, createClient } from '@libsql/client/web';
import { encodingFor } from './encoding.ts';

export interface RemoteServer {
  /** `http:`, `https:` or `libsql:`. */
  url: string;
  authToken?: string | undefined;
}

/**
 * A client for one request: its every exchange ends with the signal of `stops` (the server stops a query whose client is gone).
 * It holds no connection: those are the runtime's. Whole numbers come as bigint.
 */
export function clientOf({ url, authToken }: RemoteServer, stops: () => AbortSignal): Client {
  const encoding = encodingFor(url);
  return createClient({
    url,
    intMode: 'bigint',
    fetch: (request: Request) => {
      request.headers.set('Accept-Encoding', encoding);
      return fetch(request, { signal: stops() });
    },
    ...(authToken === undefined ? {} : { authToken }),
  });
}
