import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Requests of one connection that wait for an earlier answer. Clients that use pipelining send fewer. */
const MOST_WAITING = 8;

/**
 * Starts the requests of one connection one after the other. A client may send many before it gets an answer
 * (pipelining). Node would start all that it has read in one turn of the event loop: 6,000 requests (200 KB) blocked
 * all other clients for 30 s. A connection with more than MOST_WAITING requests is closed.
 */
export function oneAtATime(listener: Listener): Listener {
  const waiting = new WeakMap<Socket, (() => void)[]>();
  const run = (incoming: IncomingMessage, outgoing: ServerResponse, queue: (() => void)[]): void => {
    outgoing.once('close', () => {
      const next = queue.shift();
      // In a new turn, so that requests of other connections run in between.
      if (next !== undefined) setImmediate(next);
      else waiting.delete(incoming.socket);
    });
    listener(incoming, outgoing);
  };
  return (incoming, outgoing) => {
    const { socket } = incoming;
    if (socket.destroyed) return;
    const queue = waiting.get(socket);
    if (queue === undefined) {
      const own: (() => void)[] = [];
      waiting.set(socket, own);
      run(incoming, outgoing, own);
    } else if (queue.length < MOST_WAITING) {
      queue.push(() => {
        if (!socket.destroyed) run(incoming, outgoing, queue);
      });
    } else {
      stopParsing(socket);
      socket.destroy();
    }
  };
}

/**
 * Node continues to parse the data of a connection after it is destroyed, at 30 microseconds per request, and 64 KB
 * contain 2,500 requests. The return value of `onIncoming` for an upgrade makes its parser skip the rest. This is not
 * documented. Without it the requests are parsed one by one.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: () => number } | null };
  if (parser?.onIncoming !== undefined) parser.onIncoming = () => UPGRADE;
}

const UPGRADE = 2;
