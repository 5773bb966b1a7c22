import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Requests of one connection that wait for the answer to an earlier one. Clients that pipeline at all send fewer. */
const MOST_WAITING = 8;

/**
 * Requests of one connection start one after the other. A client may send many before it has an answer (pipelining), and Node starts all
 * that it has read in one turn of the event loop: 6,000 of them, 200 KB, kept all other clients waiting for 30 s. A connection with more
 * than MOST_WAITING is closed.
 */
export function oneAtATime(listener: Listener): Listener {
  const waiting = new WeakMap<Socket, (() => void)[]>();
  const run = (incoming: IncomingMessage, outgoing: ServerResponse, queue: (() => void)[]): void => {
    outgoing.once('close', () => {
      const next = queue.shift();
      // In a turn of its own: requests of other connections come in between.
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
 * Node goes on with what it has read of a connection although that is destroyed: 30 microseconds a request, and 64 KB have 2,500. What
 * `onIncoming` answers for an upgrade makes its parser leave the rest. Not documented; without it those are looked at one by one.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: () => number } | null };
  if (parser?.onIncoming !== undefined) parser.onIncoming = () => UPGRADE;
}

const UPGRADE = 2;
