import type { Context } from 'hono';
import type { AppEnv } from '../../http/env.ts';
import { html } from '../html.ts';
import { pageAnswer } from '../layout.ts';

export interface LoginPage {
  /** The reason why the previous attempt failed. */
  problem?: string | undefined;
  username?: string;
  /** The address to open after logging in, within the site. */
  redirect?: string;
  status: 200 | 401;
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
</form>`
}
</section>`;
  return pageAnswer(c, { title: 'Log in', content }, status);
}

/** Answers with the page after logging out. A session of cc-backend only ends there. */
export function loggedOutPage(c: Context<AppEnv>, { isInAtCcBackend }: { isInAtCcBackend: boolean }): Response {
  const title = isInAtCcBackend ? 'Still logged in' : 'Logged out';
  const content = html`<section class="narrow"><h1>${title}</h1>
${
  isInAtCcBackend
    ? html`<p class="note">Your session of cc-backend goes on, and opens these pages too. Log out in cc-backend to end it.</p>
<p><a href="/">Back to the pages</a></p>`
    : html`<p><a href="/login">Log in again</a></p>`
}</section>`;
  return pageAnswer(c, { title, content });
}
