import { type Client, createClient } from '@libsql/client/web';
import { encodingFor } from './encoding.ts';

export interface RemoteServer {
  /** `http:`, `https:` or `libsql:`. */
  url: string;
  authToken?: string | undefined;
}

/**
 * A client for one request. All its exchanges end when the signal of `stops` fires (the server stops a query whose
 * client disconnects). It holds no connection, because the runtime manages connections. Whole numbers are returned as
 * bigint.
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
