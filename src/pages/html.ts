import { html as markup } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** HTML that is safe to insert in a page. */
export type Html = HtmlEscapedString;

/** The values of a template. Texts are escaped, lists are joined; `false`, null and undefined are left out. */
type Part = Html | string | number | bigint | false | null | undefined | readonly Part[];

/**
 * Makes HTML from a template. It is that of Hono without promises, since a page has all its data before it is rendered.
 * This is the only function that makes Html, and it always escapes. (cc-frontend/shell.ts inserts a script.)
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return markup(strings, ...parts) as Html;
}
