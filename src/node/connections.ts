import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionsStatus } from '../system-state.ts';

/** While connections run short the log says so this often. */
const LOG_EVERY_MS = 60_000;
/** Headers with a token or a session. */
const CREDENTIALS = ['authorization', 'x-auth-token', 'cookie'] as const;
const UNAUTHORIZED = 401;
/** Closed sockets count until their end has been told: so many may come within one turn of the event loop. */
const SLACK = 64;

/**
 * Bounds the connections of clients. When there is no room for another one, the oldest goes that has not sent a request yet: a client that
 * works sends its request at once, so silent strangers only push out each other. Then those that wait for their next request, the longest
 * first: before all others those that have shown no token or session. One whose request runs is never closed; if all are at work, the
 * new one is refused.
 */
export class Connections {
  readonly #most: number;
  readonly #log: (fields: object, message: string) => void;
  /** The oldest first. */
  readonly #silent = new Set<Socket>();
  readonly #idleStrangers = new Set<Socket>();
  readonly #idleKnown = new Set<Socket>();
  readonly #busy = new Map<Socket, number>();
  #closedEarly = 0;
  #refused = 0;
  #logAt = 0;

  constructor(server: Server, most: number, log: (fields: object, message: string) => void) {
    this.#most = most;
    this.#log = log;
    server.maxConnections = most + SLACK;
    server.on('connection', (socket) => this.#add(socket));
    server.on('request', (request, response) => this.#began(request, response));
    server.on('drop', () => {
      this.#refused += 1;
      this.#tell();
    });
    // Such as EMFILE where others of this user, or of the machine, have taken the files: the next connection is tried again.
    server.on('error', (error) => this.#tell({ err: error }));
  }

  status(): ConnectionsStatus {
    return { open: this.#open, most: this.#most, closedEarly: this.#closedEarly, refused: this.#refused };
  }

  get #open(): number {
    return this.#silent.size + this.#idleStrangers.size + this.#idleKnown.size + this.#busy.size;
  }

  #add(socket: Socket): void {
    if (this.#open >= this.#most && !this.#makeRoom()) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#silent.add(socket);
    socket.once('close', () => this.#forget(socket));
  }

  /** Closes the connection that is missed least. False when every one is at work. */
  #makeRoom(): boolean {
    this.#tell();
    const [least] = [this.#silent, this.#idleStrangers, this.#idleKnown].find(({ size }) => size > 0) ?? [];
    if (least === undefined) return false;
    this.#forget(least); // it counts until its `close` otherwise, which comes in a turn of its own
    least.destroy();
    this.#closedEarly += 1;
    return true;
  }

  #began({ socket, headers }: IncomingMessage, response: ServerResponse): void {
    if (socket.destroyed) return;
    const running = this.#busy.get(socket) ?? 0;
    this.#forget(socket);
    this.#busy.set(socket, running + 1);
    response.once('close', () => {
      const left = (this.#busy.get(socket) ?? 0) - 1;
      if (left > 0) this.#busy.set(socket, left);
      else if (this.#busy.delete(socket) && !socket.destroyed) {
        const isKnown = CREDENTIALS.some((name) => headers[name] !== undefined) && response.statusCode !== UNAUTHORIZED;
        (isKnown ? this.#idleKnown : this.#idleStrangers).add(socket);
      }
    });
  }

  #forget(socket: Socket): void {
    this.#silent.delete(socket);
    this.#idleStrangers.delete(socket);
    this.#idleKnown.delete(socket);
    this.#busy.delete(socket);
  }

  /** Once a minute, whatever the number of strangers. */
  #tell(fields: object = {}): void {
    const now = performance.now();
    if (now < this.#logAt) return;
    this.#logAt = now + LOG_EVERY_MS;
    this.#log(
      { ...this.status(), ...fields },
      'connection limit reached: connections without a request are closed first',
    );
  }
}
