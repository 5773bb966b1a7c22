import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Context } from 'hono';
import { Fault } from '../faults.ts';
import { faultResponse } from '../http/faults/fault-responses.ts';
import type { AddTrailers } from '../http/service.ts';
import { answerBrokenRequest } from './broken-requests.ts';

type Fetch = Parameters<typeof getRequestListener>[0];

/**
 * The app as a listener for a server of `node:http` (made with `requireHostHeader: false`). A request without a Host
 * header is treated as one for `host`. A request with two Host headers or an invalid address gets the usual error body.
 */
export function nodeListener(
  fetch: Fetch,
  host: string,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  const checked: Fetch = (request, env) => {
    if ('incoming' in env && hasTwoHosts(env.incoming)) return faultResponse(TWO_HOSTS);
    return fetch(request, env);
  };
  return getRequestListener(checked, { hostname: host, errorHandler: answerBrokenRequest });
}

const TWO_HOSTS = new Fault('invalid_request', 'malformed request: more than one Host header');

/** Node uses the first header and drops the rest. A proxy may have used another one (RFC 9112, 3.2: answer 400). */
function hasTwoHosts({ rawHeaders }: { rawHeaders: readonly string[] }): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** For `Service.whenSent`. */
export async function whenSent(c: Context): Promise<void> {
  const { outgoing } = c.env;
  if (outgoing.closed !== true) await new Promise((resolve) => outgoing.once('close', resolve));
}

/** For `Service.cutConnection`: closes the connection without the final chunk, so that the client sees the error. */
export function cutConnection(c: Context): void {
  c.env.outgoing.destroy();
}

/** For `Service.trailers`. HTTP/1.0 has no trailers. */
export function trailers(c: Context): AddTrailers | undefined {
  const { incoming, outgoing } = c.env;
  return incoming.httpVersion === '1.0' ? undefined : (fields) => outgoing.addTrailers(fields);
}
