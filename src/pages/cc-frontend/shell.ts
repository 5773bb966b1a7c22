import type { Context } from 'hono';
import { raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Entry } from '../../cc-frontend/files.ts';
import { commonGlobals, type Globals, scriptOf } from '../../cc-frontend/page-constants.ts';
import { frontendPolicy } from '../../http/auth/security-headers.ts';
import type { AppEnv } from '../../http/service.ts';
import { type Html, html } from '../html.ts';

export interface Shell {
  title: string;
  /** The script of cc-backend's front end that renders the page. */
  entry: Entry;
  /** The constants that this script reads, in addition to those of every page. */
  globals: Globals;
  /** Content of our own, in classes of Bootstrap. */
  content?: Html;
  /** False for a page without the menu. */
  hasHeader?: boolean;
}

const NONCE_BYTES = 16;
const STYLES = ['bootstrap.min.css', 'bootstrap-icons.css', 'global.css', 'uPlot.min.css'];

/**
 * Answers with a page that a script of cc-backend's front end fills (contract/frontend.md §1.2). The script reads its
 * data from constants of an inline script. Only these pages get a policy that allows this one script, by its nonce,
 * and inline styles.
 */
export function shellAnswer(c: Context<AppEnv>, shell: Shell, status: ContentfulStatusCode = 200): Response {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))));
  const globals = { ...commonGlobals(c.get('user'), c.get('service').clusters), ...shell.globals };
  const body = new TextEncoder().encode(page(shell, nonce, scriptOf(globals)).toString());
  return c.body(body, status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': String(body.length),
    'Content-Security-Policy': frontendPolicy(nonce),
  });
}

function page({ title, entry, content, hasHeader = true }: Shell, nonce: string, script: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/favicon.png" type="image/png">
${[...STYLES, `build/${entry}.css`].map((path) => html`<link rel="stylesheet" href="/${path}">\n`)}</head>
<body class="site">
${hasHeader && html`<header id="svelte-header"></header>\n`}<main${hasHeader && html` class="site-content"`}>
<div class="container">
${content ?? html`<div id="svelte-app"></div>`}
</div>
</main>
<script nonce="${nonce}">
${raw(script)}</script>
<script src="/build/${entry}.js"></script>
</body>
</html>
`;
}
