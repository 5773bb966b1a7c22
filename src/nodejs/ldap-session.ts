import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { Client, InvalidCredentialsError, ResultCodeError } from 'ldapts';
import { LoginFailure } from '../http/auth/external-login-failures.ts';

export interface LdapServer {
  url: URL;
  /** For ldap://. */
  startTls: boolean;
  /** PEM. Undefined: the CAs of Node. */
  ca: string | undefined;
}

export interface SessionLimits {
  limitMs: number;
  mostBytes: number;
  signal?: AbortSignal | undefined;
}

/** What a session is doing, for the log. */
export type Step = 'connect' | 'TLS' | 'bind of LDAP_SEARCH_DN' | 'search' | 'bind of the user';

/** A connection to a directory. */
export class LdapSession {
  readonly client: Client;
  step: Step = 'connect';

  constructor(client: Client) {
    this.client = client;
  }

  /** Binds as the account that searches. Throws LoginFailure. */
  async bindToSearch(dn: string, password: string): Promise<void> {
    this.step = 'bind of LDAP_SEARCH_DN';
    await this.client.bind(dn, password);
    this.step = 'search';
  }

  /** Returns false if the directory does not know the user with this password. */
  async bindAsUser(dn: string, password: string): Promise<boolean> {
    this.step = 'bind of the user';
    try {
      await this.client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof InvalidCredentialsError || isUnknownUser(error)) return false;
      throw error;
    }
  }
}

/**
 * Runs `work` on a connection of its own, with TLS unless that is off. The time and the bytes of the whole session are
 * bounded: the library limits single operations, but not a TLS handshake nor the size of an answer. Throws LoginFailure,
 * or the reason of the signal.
 */
export async function withLdap<Result>(
  server: LdapServer,
  { limitMs, mostBytes, signal }: SessionLimits,
  work: (session: LdapSession) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const sockets = new Set<Socket>();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {}); // the session may have ended by then
  const stop = (reason: unknown) => {
    stopped.reject(reason);
    for (const socket of sockets) socket.destroy();
  };
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) stop(new LoginFailure('directory-invalid', `answers of more than ${mostBytes} bytes`));
  };
  const closed = () => new LoginFailure('directory-unreachable', `${session.step}: the connection was closed`);
  const watched = <Kind extends Socket>(socket: Kind): Kind => {
    sockets.add(socket.on('data', count));
    // After StartTLS the library does not notice that the connection is closed. An error that it reports comes first.
    socket.once('close', () => setImmediate(() => stop(closed())));
    return socket;
  };
  // Otherwise the library opens another connection, which would be without StartTLS and so without encryption.
  const onlyOne = () => {
    if (sockets.size > 0) throw closed();
  };
  const host = server.url.hostname.replace(/^\[|\]$/g, '');
  const tls: ConnectionOptions = {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(server.ca === undefined ? {} : { ca: server.ca }),
  };
  const session = new LdapSession(
    new Client({
      url: server.url.href,
      timeout: limitMs,
      connectTimeout: limitMs,
      createConnection: ((port: number, name: string) => {
        onlyOne();
        return watched(tcpConnect(port, name));
      }) as typeof tcpConnect,
      // Called with a port for ldaps://, and with the open connection for StartTLS.
      createSecureConnection: ((given: number | ConnectionOptions) => {
        if (typeof given === 'number') onlyOne();
        for (const socket of sockets) socket.off('data', count);
        return watched(tlsConnect(typeof given === 'number' ? { ...tls, port: given } : given));
      }) as typeof tlsConnect,
    }),
  );
  const timer = setTimeout(
    () => stop(new LoginFailure('directory-unreachable', `${session.step}: no answer within ${limitMs} ms`)),
    limitMs,
  );
  const hangUp = () => stop(signal?.reason);
  signal?.addEventListener('abort', hangUp, { once: true });
  const run = async () => {
    if (server.startTls) {
      session.step = 'TLS';
      await session.client.startTLS(tls);
    }
    return await work(session);
  };
  try {
    return await Promise.race([run(), stopped.promise]);
  } catch (error) {
    signal?.throwIfAborted();
    throw failureOf(error, session.step);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', hangUp);
    for (const socket of sockets) socket.destroy();
  }
}

/** Result codes of RFC 4511. */
const NO_SUCH_OBJECT = 32;
const INVALID_DN = 34;
const CONFIDENTIALITY_REQUIRED = 13;
const STRONGER_AUTH_REQUIRED = 8;
const BUSY_OR_UNAVAILABLE = [51, 52];

function isUnknownUser(error: unknown): boolean {
  return error instanceof ResultCodeError && [NO_SUCH_OBJECT, INVALID_DN].includes(error.code);
}

function failureOf(error: unknown, step: Step): unknown {
  if (error instanceof LoginFailure) return error;
  if (error instanceof ResultCodeError) return refusalOf(error, step);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code !== undefined && /^(?:ERR_(?:TLS|SSL|OSSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)) {
    return new LoginFailure('directory-insecure', `TLS: ${code}`);
  }
  return new LoginFailure('directory-unreachable', `${step}: ${code ?? 'the connection was closed'}`);
}

/** The text of an error comes from the directory, so only its number is used. */
function refusalOf({ code }: ResultCodeError, step: Step): LoginFailure {
  const detail = `${step}: result code ${code}`;
  if (step === 'TLS' || [CONFIDENTIALITY_REQUIRED, STRONGER_AUTH_REQUIRED].includes(code)) {
    return new LoginFailure('directory-insecure', detail);
  }
  if (BUSY_OR_UNAVAILABLE.includes(code)) return new LoginFailure('directory-unreachable', detail);
  return new LoginFailure(step === 'bind of the user' ? 'directory-refuses-user' : 'directory-refuses-service', detail);
}
