import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClientGone } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { BARE_HEADERS } from '../http/auth/security-headers.ts';
import { faultBody, faultResponse, reasonPhrase } from '../http/faults/fault-responses.ts';

/** Maximum size of the request line and headers together. Node rejects larger ones. */
export const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Sends the usual error body for requests that Node rejects before the app sees them: headers above the limit (431),
 * not a valid HTTP request (400), headers that take too long (504).
 */
export function refuseBrokenRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The connection is closed, or an answer is being sent and more bytes would look like a part of it.
    const isAnswering = '_httpMessage' in socket && socket._httpMessage !== null && socket._httpMessage !== undefined;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else socket.end(rawAnswer(faultOf(error)));
  });
}

function faultOf({ code }: NodeJS.ErrnoException): Fault {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Fault(
      'headers_too_large',
      `request line and headers exceed the limit of ${MAX_HEADER_BYTES / 1024} KiB`,
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Fault('deadline_exceeded', 'the request headers did not arrive in time');
  }
  return new Fault('invalid_request', 'not a valid HTTP request');
}

function rawAnswer(fault: Fault): string {
  const body = faultBody(fault);
  return [
    `HTTP/1.1 ${fault.status} ${reasonPhrase(fault.status)}`,
    'Connection: close',
    'Content-Type: application/json',
    ...Object.entries(BARE_HEADERS).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${new TextEncoder().encode(body).length}`,
    '',
    body,
  ].join('\r\n');
}

/** The response to a fault without the app, with the headers that the app adds to every response. */
export function bareResponse(fault: Fault): Response {
  const answer = faultResponse(fault);
  for (const [name, value] of Object.entries(BARE_HEADERS)) answer.headers.set(name, value);
  return answer;
}

/** For `getRequestListener`: handles its errors for invalid addresses or Host headers, and uncaught errors. */
export function answerBrokenRequest(error: unknown): Response {
  if (error instanceof ClientGone) return new Response(null);
  const isOurs = !(error instanceof Error) || error.name !== 'RequestError';
  return bareResponse(
    isOurs
      ? new Fault('internal', 'internal error')
      : new Fault('invalid_request', `malformed request: ${error.message}`),
  );
}
