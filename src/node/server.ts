import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { refuseBrokenRequests } from './client-error.ts';
import { nodeListener } from './node-listener.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Bytes of request line and headers together; Node answers more with 431. */
const MAX_HEADER_BYTES = 16 * 1024;
/** A client must have sent its headers by then, also one that has only connected: a silent connection is worth no file of ours. */
const HEADERS_LIMIT_MS = 5_000;
/** Longer than the minute between two polls of a scheduler adapter, so that it need not connect again. */
const KEEP_ALIVE_MS = 65_000;
/** A request at its deadline is answered by then. */
const SILENCE_BEYOND_DEADLINE_MS = 10_000;
/** While the server closes: how often it lets go of connections whose request has ended. */
const CLOSE_IDLE_MS = 20;

/** That HOST and PORT can be listened on now. Throws StartupError. */
export async function checkAddress(settings: SettingValues): Promise<void> {
  await closeServer(await listen(() => new Response(), settings), 0);
}

/** Listens on HOST and PORT. Throws StartupError. */
export function listen(fetch: Parameters<typeof nodeListener>[0], settings: SettingValues): Promise<Server> {
  const { HOST, PORT, STREAM_TIMEOUT_S, REQUEST_TIMEOUT_MS } = settings;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_LIMIT_MS,
      connectionsCheckingInterval: 1_000, // ms; Node looks at headersTimeout only so often
      requestTimeout: 0, // the deadline bounds a slow upload
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false,
    },
    oneAtATime(nodeListener(fetch, HOST.includes(':') ? `[${HOST}]` : HOST)),
  );
  // Of silence on a connection: a client that has stopped reading. One that waits for its answer is silent, too.
  server.timeout = Math.max(STREAM_TIMEOUT_S * 1000, REQUEST_TIMEOUT_MS + SILENCE_BEYOND_DEADLINE_MS);
  refuseBrokenRequests(server);
  return new Promise((resolveServer, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      const why = inUse
        ? 'is in use: set another PORT, or stop the program that uses it'
        : `cannot be used (${cause.code}): HOST must be an address of this machine`;
      reject(new StartupError(`HOST ${HOST}, PORT ${PORT} ${why}`, { cause }));
    });
    server.listen(PORT, HOST, () => resolveServer(server));
  });
}

/** Where it listens, such as `http://127.0.0.1:8080`. */
export function urlOf({ HOST }: SettingValues, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`;
}

/** Requests that run may end within their deadline; what then still hangs is cut. */
export async function closeServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  // close() lets go of the connections that are idle now; those that become so are kept alive for their next request.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  const force = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}
