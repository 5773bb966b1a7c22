import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { ClientGone } from '../../deadline.ts';
import { FAULTS, Fault, type FaultStatus } from '../../faults.ts';
import type { AppEnv } from '../service.ts';
import { isLogged } from './is-logged.ts';

const REASON_PHRASES: Readonly<Record<FaultStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  422: 'Unprocessable Entity',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The reason phrase of a status, for the status line and the body. */
export function reasonPhrase(status: FaultStatus): string {
  return REASON_PHRASES[status];
}

/**
 * For the log only, since no client receives this response. Other servers log this number for "client closed request".
 */
const CLIENT_GONE_STATUS = 499;

interface FaultWords {
  /** Replaces the reason phrase where the contract has its own. */
  phrase?: string;
  /** Counts of what the request had committed before it failed. */
  done?: Readonly<Record<string, number>> | undefined;
  /** Replaces the whole body. */
  body?: string | undefined;
}

/** The body of every error response (design: HTTP). */
export function faultBody(fault: Fault, { phrase = reasonPhrase(fault.status), done }: FaultWords = {}): string {
  return `${JSON.stringify({ status: phrase, error: fault.message, code: fault.code, ...done })}\n`;
}

/** The response to a fault: status, body and headers. */
export function faultResponse(fault: Fault, words?: FaultWords): Response {
  const body = new TextEncoder().encode(words?.body ?? faultBody(fault, words));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length), ...fault.headers };
  return new Response(body, { status: fault.status, headers });
}

/** The response to any thrown error. An error of the service is logged under the request's id. */
export function answerError(error: unknown, c: Context<AppEnv>): Response {
  if (!(error instanceof ClientGone)) noteFault(faultOf(error), error, c);
  // Without a new response Hono keeps the present one. Given a second response, it would merge the headers of both.
  if (c.get('givenUp')) return undefined as unknown as Response;
  return answerTo(error, c);
}

/** Does what `answerError` does, without logging. */
export function answerTo(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof ClientGone) return new Response(null, { status: CLIENT_GONE_STATUS });
  const fault = faultOf(error);
  c.set('fault', fault);
  return faultResponse(fault, { done: c.get('done'), body: c.get('faultBody')?.(fault) });
}

/**
 * Logs the cause of a service error. The cause of a client error may contain what the client sent, such as part of a
 * token, so only its code goes to the access log. An expired deadline or a full queue has no cause to log.
 */
function noteFault(fault: Fault, error: unknown, c: Context<AppEnv>): void {
  const isOurs = FAULTS[fault.code].status >= 500 && fault.code !== 'queue_full';
  if (!isOurs || !isLogged(c, fault.code)) return;
  if (fault.code === 'internal') c.get('log').error({ err: error }, 'request failed');
  else if (fault.cause !== undefined) c.get('log').warn({ code: fault.code, err: fault.cause }, 'request refused');
}

/** Converts an error to a fault. The message of any other error is never shown to the client. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  // Hono throws it for an invalid request, such as a malformed path.
  if (error instanceof HTTPException && error.status < 500) {
    return new Fault('invalid_request', error.message === '' ? 'malformed request' : error.message, { cause: error });
  }
  return new Fault('internal', 'internal error; the log has the details under the X-Request-Id of this response', {
    cause: error,
  });
}
