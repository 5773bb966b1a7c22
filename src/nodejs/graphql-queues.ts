import type { IncomingMessage, ServerResponse } from 'node:http';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** As many as a browser sends at the same time over HTTP/1.1, and as the gate runs of one caller among others. */
const MOST_STARTED = 6;

/** The requests of one sender. */
interface Line {
  started: number;
  /** In the order of their arrival. All have the same time limit, so those that have started end first. */
  readonly waiting: Set<() => void>;
}

const arrivals = new WeakMap<IncomingMessage, number>();

/** For `Service.arrivedAt`. */
export function arrivedAt(incoming: IncomingMessage): number | undefined {
  return arrivals.get(incoming);
}

/**
 * Starts at most six GraphQL requests of a sender, an address with its credentials, at the same time. A page of a job
 * sends ten of them, and a proxy that speaks HTTP/2 with browsers passes on all of them at once. The app needs 22 KB for
 * each request that waits for the database, but a request that has not reached it needs little. Without these lines,
 * 200 pages that were opened at once took 100 MB instead of 40.
 */
export function queryLines(listener: Listener, addressOf: (incoming: IncomingMessage) => string): Listener {
  const lines = new Map<string, Line>();
  return (incoming, outgoing) => {
    const { url = '', headers } = incoming;
    if (url.split('?', 1)[0] !== '/query') {
      listener(incoming, outgoing);
      return;
    }
    const { 'x-auth-token': token, authorization, cookie } = headers;
    const sender = JSON.stringify([addressOf(incoming), token, authorization, cookie]);
    const line = lines.get(sender) ?? { started: 0, waiting: new Set() };
    lines.set(sender, line);
    const start = () => {
      line.waiting.delete(start);
      line.started += 1;
      listener(incoming, outgoing);
    };
    outgoing.once('close', () => {
      if (line.waiting.delete(start)) return; // the client has left before
      line.started -= 1;
      const [next] = line.waiting;
      if (next !== undefined) next();
      else if (line.started === 0) lines.delete(sender);
    });
    if (line.started < MOST_STARTED) {
      start();
    } else {
      arrivals.set(incoming, performance.now());
      line.waiting.add(start);
    }
  };
}
