import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionsStatus } from '../system-state-types.ts';

/** How often the log reports that connections run short. */
const LOG_EVERY_MS = 60_000;
/** Unidentified clients get answers in milliseconds. A longer request waits for its body, or for a client to read. */
const STRANGER_MS = 2_000;
/** A closed socket counts until its `close` event. This many may arrive within one turn of the event loop. */
const SLACK = 64;

/**
 * Limits the connections of clients. When the limit is reached, one connection is closed to make room, in this order:
 *
 * - The oldest connection that has not sent a request yet. A normal client sends its request at once, so silent clients
 *   only replace each other.
 * - A request without an identified caller that has run for two seconds: its body does not arrive, or its client does
 *   not read the answer.
 * - A connection that waits for its next request, the longest-idle first, and those without an identified caller before
 *   others.
 *
 * A request of an identified caller is never aborted. If all connections have such requests, the new connection is
 * refused.
 */
export class Connections {
  readonly #most: number;
  readonly #log: (fields: object, message: string) => void;
  /** The oldest first. */
  readonly #silent = new Set<Socket>();
  readonly #idleStrangers = new Set<Socket>();
  readonly #idleKnown = new Set<Socket>();
  /** Running requests, the oldest first. */
  readonly #busy = new Map<Socket, Running>();
  #closedEarly = 0;
  #refused = 0;
  #logAt = 0;

  constructor(server: Server, most: number, log: (fields: object, message: string) => void) {
    this.#most = most;
    this.#log = log;
    server.maxConnections = most + SLACK;
    server.on('connection', (socket) => this.#add(socket));
    // Runs before the app, which identifies the caller.
    server.prependListener('request', (request, response) => this.#began(request, response));
    server.on('drop', () => {
      this.#refused += 1;
      this.#tell();
    });
    // For example EMFILE, when other processes have used all files. The next connection is tried again.
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

  /** To be called when the app has identified the caller of a request. */
  identified({ socket }: IncomingMessage): void {
    const running = this.#busy.get(socket);
    if (running !== undefined) running.isKnown = true;
  }

  /** Closes the least important connection. Returns false if all have running requests. */
  #makeRoom(): boolean {
    this.#tell();
    const least = oldest(this.#silent) ?? this.#stalled() ?? oldest(this.#idleStrangers) ?? oldest(this.#idleKnown);
    if (least === undefined) return false;
    this.#forget(least); // otherwise it would count until its `close` event in a later turn
    least.destroy();
    this.#closedEarly += 1;
    return true;
  }

  /** A request without an identified caller that has run for too long. */
  #stalled(): Socket | undefined {
    const before = performance.now() - STRANGER_MS;
    for (const [socket, { since, isKnown }] of this.#busy) {
      if (!isKnown && since < before) return socket;
    }
    return undefined;
  }

  #began({ socket }: IncomingMessage, response: ServerResponse): void {
    if (socket.destroyed) return;
    const running = this.#busy.get(socket) ?? { requests: 0, since: performance.now(), isKnown: false };
    running.requests += 1; // later requests of a connection wait for this one
    this.#forget(socket);
    this.#busy.set(socket, running);
    response.once('close', () => {
      running.requests -= 1;
      if (running.requests > 0 || !this.#busy.delete(socket) || socket.destroyed) return;
      (running.isKnown ? this.#idleKnown : this.#idleStrangers).add(socket);
    });
  }

  #forget(socket: Socket): void {
    this.#silent.delete(socket);
    this.#idleStrangers.delete(socket);
    this.#idleKnown.delete(socket);
    this.#busy.delete(socket);
  }

  /** Logs at most once a minute, however many connections are closed. */
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

interface Running {
  requests: number;
  /** The start of the first one: an instant of performance.now(). */
  readonly since: number;
  isKnown: boolean;
}

function oldest(sockets: ReadonlySet<Socket>): Socket | undefined {
  return sockets.values().next().value;
}
