import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { ClientGone } from '../../deadline.ts';
import { FAULTS, Fault, type FaultStatus } from '../../faults.ts';
import type { AppEnv } from '../env.ts';
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

/** The words that go with a status, in the status line and in the body. */
export function reasonPhrase(status: FaultStatus): string {
  return REASON_PHRASES[status];
}

/** Nobody reads this answer: the log has the number that other servers use for "client closed request". */
const CLIENT_GONE_STATUS = 499;

interface FaultWords {
  /** Where the contract has its own words for the status. */
  phrase?: string;
  /** What the request had done for good before it failed. */
  done?: Readonly<Record<string, number>> | undefined;
}

/** The one body every error has (design: HTTP). */
export function faultBody(fault: Fault, { phrase = reasonPhrase(fault.status), done }: FaultWords = {}): string {
  return `${JSON.stringify({ status: phrase, error: fault.message, code: fault.code, ...done })}\n`;
}

/** The answer to a fault: its status, its body, its headers. */
export function faultResponse(fault: Fault, words?: FaultWords): Response {
  const body = new TextEncoder().encode(faultBody(fault, words));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length), ...fault.headers };
  return new Response(body, { status: fault.status, headers });
}

/** The answer to anything that was thrown; what is no fault of the caller's is logged under the request's id. */
export function answerError(error: unknown, c: Context<AppEnv>): Response {
  if (!(error instanceof ClientGone)) noteFault(faultOf(error), error, c);
  // Hono leaves the answer as it is when there is no other; of two it would send one with headers of both.
  if (c.var.givenUp) return undefined as unknown as Response;
  return answerTo(error, c);
}

/** The same without a word to the log. */
export function answerTo(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof ClientGone) return new Response(null, { status: CLIENT_GONE_STATUS });
  const fault = faultOf(error);
  c.set('fault', fault);
  return faultResponse(fault, { done: c.var.done });
}

/**
 * The cause of a fault that is ours. That of a caller's mistake may hold what the caller sent, such as a piece of a token: the access log
 * has the code, and that is all. A deadline that passed or a full queue has no cause to tell.
 */
function noteFault(fault: Fault, error: unknown, c: Context<AppEnv>): void {
  const isOurs = FAULTS[fault.code].status >= 500 && fault.code !== 'queue_full';
  if (!isOurs || !isLogged(c, fault.code)) return;
  if (fault.code === 'internal') c.var.log.error({ err: error }, 'request failed');
  else if (fault.cause !== undefined) c.var.log.warn({ code: fault.code, err: fault.cause }, 'request refused');
}

/** An error as a fault; the text of one that is none is never shown to the caller. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  // Thrown by Hono itself, such as for a malformed path: the request was wrong.
  if (error instanceof HTTPException && error.status < 500) {
    return new Fault('invalid_request', error.message === '' ? 'malformed request' : error.message, { cause: error });
  }
  return new Fault('internal', 'internal error; the log has the details under the X-Request-Id of this response', {
    cause: error,
  });
}
