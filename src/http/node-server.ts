import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Context } from 'hono';
import { answerBrokenRequest } from './client-error.ts';

type Fetch = Parameters<typeof getRequestListener>[0];

/**
 * The app as a listener for a server of `node:http` (made with `requireHostHeader: false`): a request without a Host is
 * taken as one for `host`, and one with an address that is none gets the body every error has.
 */
export function nodeListener(
  fetch: Fetch,
  host: string,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  return getRequestListener(fetch, { hostname: host, errorHandler: answerBrokenRequest });
}

/** For `Service.whenSent`. */
export async function whenSent(c: Context): Promise<void> {
  const { outgoing } = c.env;
  if (outgoing.closed !== true) await new Promise((resolve) => outgoing.once('close', resolve));
}

/** For `Service.cutConnection`: ends the connection of an answer without the chunk that would say "this was all". */
export function cutConnection(c: Context): void {
  c.env.outgoing.destroy();
}
