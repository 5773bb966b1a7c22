import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AssetName } from '../http/assets.ts';
import type { AppEnv } from '../http/service.ts';
import { BOUNDS } from '../jobs/input-bounds.ts';
import { rightsOf, type User } from '../jobs/roles.ts';
import { type Html, html } from './html.ts';
import { pagesFor } from './nav.ts';
import { subjectLink } from './page-links.ts';
import { PLACEHOLDER } from './search/search-results.ts';

export interface Page {
  /** The title of the window, and of the page unless it has a heading. */
  title: string;
  content: Html;
  /** Scripts loaded in addition to page.js. */
  scripts?: readonly AssetName[];
  styles?: readonly AssetName[];
}

/** Renders a whole page with the common header. */
export function layout(c: Context<AppEnv>, { title, content, scripts = [], styles = [] }: Page): Html {
  const assets = c.get('assets');
  const user = c.get('user');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · cc-jobs</title>
<link rel="icon" href="${assets.path('icon.svg')}" type="image/svg+xml">
${[...styles, 'style.css' as const].map((name) => html`<link rel="stylesheet" href="${assets.path(name)}">\n`)}${(
  ['page.js', ...scripts] as const
).map((name) => html`<script src="${assets.path(name)}" defer></script>\n`)}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="/">cc-jobs</a>
${user !== undefined && menu(c, user)}
</header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`;
}

function menu(c: Context<AppEnv>, user: User): Html {
  const { pathname, searchParams } = new URL(c.req.url);
  const searched = pathname === '/find' ? (searchParams.get('q') ?? '') : '';
  return html`<nav aria-label="Pages"><ul>
${pagesFor(user).map(
  ({ path, label }) =>
    html`<li><a href="${path}"${isAt(pathname, path) && html` aria-current="page"`}>${label}</a></li>\n`,
)}</ul></nav>
<form class="find" role="search" action="/find"><input type="search" name="q" value="${searched}" aria-label="Search" placeholder="${PLACEHOLDER}" maxlength="${BOUNDS.text.most}" autocomplete="off" autocapitalize="none" spellcheck="false"></form>
<div class="who"><span class="name" title="${[...user.roles].join(', ')}">${rightsOf(user).jobs === 'none' ? html`<bdi>${user.name}</bdi>` : subjectLink('user', user.name)}</span>
${
  c.get('service').settings.AUTH !== 'none' &&
  html`<form method="post" action="/logout"><button class="quiet">Log out</button></form>`
}</div>`;
}

/** Returns true if a path is the current page or one below it, as a job is below the list of jobs. */
function isAt(pathname: string, path: string): boolean {
  return pathname === path || (path !== '/' && pathname.startsWith(`${path}/`));
}

/** Answers with a page. */
export function pageAnswer(c: Context<AppEnv>, page: Page, status: ContentfulStatusCode = 200): Response {
  const body = new TextEncoder().encode(layout(c, page).toString());
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': String(body.length),
  };
  return c.body(body, status, headers);
}
