import { html as markup } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** HTML that is safe to stand in a page. */
export type Html = HtmlEscapedString;

/** What stands in a template: text is escaped, lists are joined, `false`, null and undefined are left out. */
type Part = Html | string | number | bigint | false | null | undefined | readonly Part[];

/**
 * HTML from a template. Hono's, without promises: everything that a page shows is there before it is written. There is no way around the
 * escaping here, and no other maker of Html.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return markup(strings, ...parts) as Html;
}
