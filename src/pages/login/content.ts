import type { Context } from 'hono';
import type { Fault } from '../../faults.ts';
import type { AppEnv } from '../../http/service.ts';
import { type Html, html } from '../html.ts';
import { pageAnswer } from '../layout.ts';

export interface LoginPage {
  /** The reason why the previous attempt failed. */
  problem?: string | undefined;
  username?: string;
  /** The address to open after logging in, within the site. */
  redirect?: string;
  status: 200 | 401 | 503;
}

/** Answers with the login page. */
export function loginPage(c: Context<AppEnv>, { problem, username = '', redirect = '', status }: LoginPage): Response {
  const isOff = c.get('service').sessionKey === undefined;
  const content = html`<section class="narrow">
<h1>Log in</h1>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
${
  isOff
    ? html`<p class="note">Login is disabled: SESSION_KEY is not set. The API accepts tokens.</p>`
    : html`<form method="post" action="/login" class="stack">
<label for="username">User name</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required${username === '' && html` autofocus`}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${username !== '' && html` autofocus`}>
${redirect !== '' && html`<input type="hidden" name="redirect" value="${redirect}">`}
<button class="main">Log in</button>
</form>${singleSignOn(c, redirect)}`
}
</section>`;
  return pageAnswer(c, { title: 'Log in', content }, status);
}

/** The address is absolute, because the provider leads back to PUBLIC_URL, where the browser must have its cookie. */
function singleSignOn(c: Context<AppEnv>, redirect: string): Html | false {
  const { OIDC_PROVIDER, PUBLIC_URL } = c.get('service').settings;
  if (OIDC_PROVIDER === undefined) return false;
  const query = redirect === '' ? '' : `?${new URLSearchParams({ redirect })}`;
  return html`
<p class="other-way"><a class="button" href="${PUBLIC_URL}/oidc-login${query}">Log in with single sign-on</a></p>`;
}

/** Answers with the login page and the reason why a login failed. */
export function failedLogin(
  c: Context<AppEnv>,
  fault: Fault,
  entered: Pick<LoginPage, 'username' | 'redirect'> = {},
): Response {
  c.set('fault', fault); // for the access log
  const answer = loginPage(c, { ...entered, problem: fault.message, status: fault.status === 401 ? 401 : 503 });
  for (const [name, value] of Object.entries(fault.headers)) answer.headers.set(name, value);
  return answer;
}

/** Where a session goes on after our own has ended. */
export type OtherSession = 'cc-backend' | 'provider' | undefined;

/** Answers with the page after logging out. A session of cc-backend, or at the provider, only ends there. */
export function loggedOutPage(c: Context<AppEnv>, { goesOnAt }: { goesOnAt: OtherSession }): Response {
  const title = goesOnAt === 'cc-backend' ? 'Still logged in' : 'Logged out';
  const content = html`<section class="narrow"><h1>${title}</h1>
${AFTER_LOGOUT[goesOnAt ?? 'none']}</section>`;
  return pageAnswer(c, { title, content });
}

const LOG_IN_AGAIN = html`<p><a href="/login">Log in again</a></p>`;
const AFTER_LOGOUT = {
  none: LOG_IN_AGAIN,
  'cc-backend': html`<p class="note">Your session of cc-backend goes on, and opens these pages too. Log out in cc-backend to end it.</p>
<p><a href="/">Back to the pages</a></p>`,
  provider: html`<p class="note">You are still logged in at your organisation's single sign-on.</p>
<p><a href="/oidc-logout">Log out there too</a></p>
${LOG_IN_AGAIN}`,
} as const;
