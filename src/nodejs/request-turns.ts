import type { IncomingMessage, ServerResponse } from 'node:http';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Starts one request in each turn of the event loop, and the addresses take turns. Node would start all requests that
 * it has read in the same turn, and it accepts one connection in each turn. One client that repeated a small request on
 * 200 connections delayed the requests of others by 0.3 s, and their new connections by up to 9 s.
 */
export function inTurns(listener: Listener, addressOf: (incoming: IncomingMessage) => string): Listener {
  /** The waiting requests of each address, in the order of the turns. */
  const waiting = new Map<string, (() => void)[]>();
  const startNext = () => {
    for (const [address, own] of waiting) {
      const start = own.shift();
      waiting.delete(address);
      if (own.length > 0) waiting.set(address, own);
      if (waiting.size > 0) setImmediate(startNext);
      start?.();
      return;
    }
  };
  return (incoming, outgoing) => {
    if (waiting.size === 0) setImmediate(startNext);
    const address = addressOf(incoming);
    const start = () => {
      if (!incoming.socket.destroyed) listener(incoming, outgoing);
    };
    const own = waiting.get(address);
    if (own === undefined) waiting.set(address, [start]);
    else own.push(start);
  };
}
