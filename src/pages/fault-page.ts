import type { Context, MiddlewareHandler } from 'hono';
import type { Fault, FaultCode } from '../faults.ts';
import { reasonPhrase } from '../http/faults/fault-responses.ts';
import type { AppEnv } from '../http/service.ts';
import { capitalized } from './format.ts';
import { type Html, html } from './html.ts';
import { pageAnswer } from './layout.ts';
import { loginPage } from './login/content.ts';

/** Addresses for programs. They get JSON, whatever they accept. */
const FOR_PROGRAMS = /^\/(?:api|userapi|query|healthz|openapi\.json|assets)(?:\/|$)/;

/**
 * Answers a failed request of a browser with a page, with the status and headers of the error. Programs do not ask for
 * HTML and get the usual JSON body.
 */
export function faultPages(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const fault = c.get('fault');
    const isPage = c.res.headers.get('Content-Type')?.startsWith('text/html');
    if (fault === undefined || isPage === true || !wantsPage(c)) return;
    c.res = undefined;
    c.res = fault.status === 401 ? toLogIn(c, fault) : faultPage(c, fault);
  };
}

function wantsPage(c: Context<AppEnv>): boolean {
  return !FOR_PROGRAMS.test(c.req.path) && (c.req.header('Accept') ?? '').includes('text/html');
}

/** Shows the login page. After a GET, logging in leads back to the address. */
function toLogIn(c: Context<AppEnv>, { message }: Fault): Response {
  const { pathname, search } = new URL(c.req.url);
  const redirect = c.req.method === 'GET' && pathname !== '/' ? `${pathname}${search}` : '';
  return loginPage(c, { problem: message === 'please log in' ? undefined : message, redirect, status: 401 });
}

/** The advice on the page of a fault, by request. */
const offers = new WeakMap<Context, () => Html>();

/** Sets the advice that the page of a fault shows, such as the filter and ways to ask for less. */
export function offerOnFault(c: Context<AppEnv>, make: () => Html): void {
  offers.set(c, make);
}

const TITLES: Readonly<Partial<Record<FaultCode, string>>> = {
  not_found: 'Not found',
  forbidden: 'Not allowed',
  invalid_request: 'Invalid address',
  deadline_exceeded: 'The request took too long',
  memory_limit_exceeded: 'The request needed too much memory',
  queue_full: 'The service is busy',
  internal: 'Something went wrong',
};

function faultPage(c: Context<AppEnv>, fault: Fault): Response {
  const title = TITLES[fault.code] ?? reasonPhrase(fault.status);
  const content = html`<section class="narrow">
<h1>${title}</h1>
<p class="problem">${sentence(fault.message)}</p>
${wayOut(c, fault)}${offers.get(c)?.()}
<p class="note">Request ${c.get('requestId')}</p>
</section>`;
  const answer = pageAnswer(c, { title, content }, fault.status);
  for (const [name, value] of Object.entries(fault.headers)) answer.headers.set(name, value);
  return answer;
}

function sentence(message: string): string {
  const text = capitalized(message);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Returns advice for the visitor. */
function wayOut(c: Context<AppEnv>, { code }: Fault): Html {
  const { pathname, search } = new URL(c.req.url);
  const again = html`<a href="${pathname}${search}">try again</a>`;
  switch (code) {
    case 'deadline_exceeded':
    case 'memory_limit_exceeded':
      return html`<p>The query was stopped. A narrower filter is faster: fewer days, one user, one cluster. You can also ${again}.</p>`;
    case 'not_found':
      return html`<p>It may have been deleted, or you may not be allowed to see it. Go to the <a href="/">overview</a>.</p>`;
    case 'invalid_request':
      return html`<p>Go back, or <a href="${pathname}">start over</a>.</p>`;
    case 'forbidden':
      return html`<p>Go to the <a href="/">overview</a>.</p>`;
    default:
      return html`<p>Please ${again} in a moment.</p>`;
  }
}
