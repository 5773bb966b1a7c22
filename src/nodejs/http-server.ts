import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limitedAddress } from '../http/auth/client-address.ts';
import type { FixedSettings } from '../restart-only-settings.ts';
import { isLoopback } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { MAX_HEADER_BYTES, refuseBrokenRequests } from './broken-requests.ts';
import { HEADERS_LIMIT_MS, KEEP_ALIVE_MS, silenceLimitMs } from './connection-timeouts.ts';
import { queryLines } from './graphql-queues.ts';
import { nodeListener } from './node-listener.ts';
import { oneAtATime } from './pipelined-requests.ts';
import { inTurns } from './request-turns.ts';

/** How often connections whose request has ended are closed while the server closes. */
const CLOSE_IDLE_MS = 20;

/** Checks that HOST and PORT are available now. Throws StartupError. */
export async function checkAddress(settings: FixedSettings): Promise<void> {
  await closeServer(await listen(() => new Response(), settings), 0);
}

type ListenSettings = Pick<
  FixedSettings,
  'AUTH' | 'HOST' | 'PORT' | 'STREAM_TIMEOUT_S' | 'REQUEST_TIMEOUT_MS' | 'TRUST_PROXY'
>;

/** Listens on HOST and PORT, or on a listening socket that is passed as a file descriptor. Throws StartupError. */
export function listen(
  fetch: Parameters<typeof nodeListener>[0],
  settings: ListenSettings,
  socket?: number,
): Promise<Server> {
  const { HOST, PORT, TRUST_PROXY } = settings;
  const addressOf = ({ socket, headers }: IncomingMessage) =>
    limitedAddress({
      peer: socket.remoteAddress ?? '',
      header: (name) => headers[name]?.toString(),
      proxies: TRUST_PROXY,
    });
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_LIMIT_MS,
      connectionsCheckingInterval: 1_000, // ms; how often Node checks headersTimeout
      requestTimeout: 0, // the deadline bounds a slow upload
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false,
    },
    oneAtATime(queryLines(inTurns(nodeListener(fetch, HOST.includes(':') ? `[${HOST}]` : HOST), addressOf), addressOf)),
  );
  server.timeout = silenceLimitMs(settings);
  refuseBrokenRequests(server);
  return new Promise((resolveServer, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        WHY_NOT[String(cause.code)] ?? `cannot be used (${cause.code}): HOST must be an address of this machine`;
      reject(new StartupError(`HOST ${HOST}, PORT ${PORT} ${why}`, { cause }));
    });
    if (socket === undefined) {
      server.listen(PORT, HOST, () => resolveServer(server));
      return;
    }
    server.listen({ fd: socket }, () => {
      if (acceptsSocket(server, settings)) return resolveServer(server);
      server.close();
      reject(UNSAFE);
    });
  });
}

/** Why a server cannot listen, by the code of the error. */
const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: set another PORT, or stop the program that uses it',
  EACCES: 'is not permitted for this account: set PORT to 1024 or more, or let systemd pass the socket',
};

const UNSAFE = new StartupError(
  'the socket that systemd passes must have an address of this machine alone (127.0.0.1 or ::1) with AUTH none, and be a TCP socket',
);

/** HOST says nothing about a socket that was passed, so what it must not be without tokens is checked here. */
function acceptsSocket(server: Server, { AUTH }: ListenSettings): boolean {
  const at = server.address();
  return typeof at === 'object' && at !== null && (AUTH !== 'none' || isLoopback({ HOST: at.address }));
}

/** The address of the server, such as `http://127.0.0.1:8080`. It has the name of HOST, unless the socket was passed. */
export function urlOf({ HOST }: Pick<FixedSettings, 'HOST'>, server: Server, socket?: number): string {
  const { port, address } = server.address() as AddressInfo;
  const host = socket === undefined ? HOST : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The address at which a program on this machine reaches the service of these settings. */
export function serviceUrl({ HOST, PORT }: Pick<FixedSettings, 'HOST' | 'PORT'>): string {
  const host = HOST === '0.0.0.0' || HOST === '::' ? 'localhost' : HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}

/** Lets running requests end within their deadline, then closes all remaining connections. */
export async function closeServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  // close() ends the connections that are idle now. Those that become idle later would be kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  const force = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}
