import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionsStatus } from '../system-state.ts';

/** While connections run short the log says so this often. */
const LOG_EVERY_MS = 60_000;
/** The answer to a stranger takes milliseconds: one that has run for longer waits for its body, or for a client that does not read. */
const STRANGER_MS = 2_000;
/** Closed sockets count until their end has been told: so many may come within one turn of the event loop. */
const SLACK = 64;

/**
 * Bounds the connections of clients. When there is no room for another one, the oldest goes that has not sent a request yet: a client that
 * works sends its request at once, so silent strangers only push out each other. Then requests of strangers that have run for two
 * seconds: they have announced a body that does not come, or do not take their answer. Then connections that wait for their next
 * request, the longest first: first those on which the app has not identified a caller. A request of a known caller is
 * never cut off; if all are at work, the new connection is refused.
 */
export class Connections {
  readonly #most: number;
  readonly #log: (fields: object, message: string) => void;
  /** The oldest first. */
  readonly #silent = new Set<Socket>();
  readonly #idleStrangers = new Set<Socket>();
  readonly #idleKnown = new Set<Socket>();
  /** Requests at work, the oldest first. */
  readonly #busy = new Map<Socket, Running>();
  #closedEarly = 0;
  #refused = 0;
  #logAt = 0;

  constructor(server: Server, most: number, log: (fields: object, message: string) => void) {
    this.#most = most;
    this.#log = log;
    server.maxConnections = most + SLACK;
    server.on('connection', (socket) => this.#add(socket));
    // Before the app gets it, which says whose it is.
    server.prependListener('request', (request, response) => this.#began(request, response));
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

  /** The app has found out who sends this request. */
  identified({ socket }: IncomingMessage): void {
    const running = this.#busy.get(socket);
    if (running !== undefined) running.isKnown = true;
  }

  /** Closes the connection that is missed least. False when every one is at work. */
  #makeRoom(): boolean {
    this.#tell();
    const least = oldest(this.#silent) ?? this.#stalled() ?? oldest(this.#idleStrangers) ?? oldest(this.#idleKnown);
    if (least === undefined) return false;
    this.#forget(least); // it counts until its `close` otherwise, which comes in a turn of its own
    least.destroy();
    this.#closedEarly += 1;
    return true;
  }

  /** The request of a stranger that has run for too long. */
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
    running.requests += 1; // the next ones of a connection wait for this one
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

interface Running {
  requests: number;
  /** Of the first of them, an instant of performance.now(). */
  readonly since: number;
  isKnown: boolean;
}

function oldest(sockets: ReadonlySet<Socket>): Socket | undefined {
  return sockets.values().next().value;
}
